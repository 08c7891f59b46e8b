import {
  createReadStream,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { downloadModel } from '../../inference/download-model.ts'
import { locateModel, resolveModel, SHIPPED_DIR } from '../../inference/resolve-model.ts'

const TINY = join(import.meta.dirname, '../fixtures/models/tiny-llama')
let cacheDir: string
let server: Server
let hubUrl: string
let asked: string[]
/** Bytes after which the hub breaks off a large file. */
let breakAfter: number

beforeEach(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), 'cache-'))
  asked = []
  breakAfter = Number.POSITIVE_INFINITY
  server = createServer((request, response) => {
    const file = join(TINY, (request.url ?? '').replace('/owner/tiny/resolve/main/', ''))
    if (!existsSync(file)) return void response.writeHead(404).end()
    const size = statSync(file).size
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    asked.push(`${request.method} ${request.url?.split('/').at(-1)} ${start}`)
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': size - start })
    if (request.method === 'HEAD') return void response.end()
    const end = size > 500_000 ? Math.min(size, start + breakAfter) : size
    const bytes = createReadStream(file, { start, end: end - 1 })
    bytes.pipe(response, { end: end === size })
    if (end < size) bytes.on('end', () => setImmediate(() => response.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  hubUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  rmSync(cacheDir, { recursive: true, force: true })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const places = () => ({ shippedDir: SHIPPED_DIR, cacheDir })
const pull = (dtype?: string) => downloadModel(locateModel('owner/tiny', places()), dtype, { fetch, hubUrl })

test('finds the dtype that the hub has and downloads what is needed, once', async () => {
  const shares: number[] = []
  const location = locateModel('owner/tiny', places())
  const onProgress = (at: { loadedBytes: number; totalBytes: number }) =>
    shares.push(at.loadedBytes / at.totalBytes)
  await downloadModel(location, undefined, { fetch, hubUrl, onProgress })
  expect(resolveModel('owner/tiny', places()).info).toMatchObject({ name: 'owner/tiny', dtype: 'fp32' })
  expect(shares.at(-1)).toBe(1)
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  asked = []
  expect(await pull()).toBe(0)
  expect(asked.filter((request) => request.startsWith('GET'))).toEqual([])
})

test('goes on where a download broke off, and shows no half file meanwhile', async () => {
  breakAfter = 300_000
  await expect(pull()).rejects.toMatchObject({ code: 'unavailable' })
  const file = join(cacheDir, 'owner/tiny/onnx/model.onnx')
  expect(existsSync(file)).toBe(false)
  expect(() => resolveModel('owner/tiny', places())).toThrow(/npm run models -- pull owner\/tiny/)
  breakAfter = Number.POSITIVE_INFINITY
  await pull()
  expect(readFileSync(file)).toEqual(readFileSync(join(TINY, 'onnx/model.onnx')))
  expect(asked.at(-1)).toMatch(/GET model\.onnx [1-9]/)
})

test('takes a part that is as long as the file again from the start', async () => {
  await pull()
  const file = join(cacheDir, 'owner/tiny/onnx/model.onnx')
  renameSync(file, `${file}.part`)
  truncateSync(`${file}.part`, statSync(`${file}.part`).size + 5)
  await pull()
  expect(readFileSync(file)).toEqual(readFileSync(join(TINY, 'onnx/model.onnx')))
})

test('says what is wrong with a repository or a dtype that does not exist', async () => {
  await expect(pull('q4')).rejects.toThrow(/has no ONNX files of owner\/tiny in q4/)
  const other = locateModel('owner/other', places())
  await expect(downloadModel(other, undefined, { fetch, hubUrl })).rejects.toThrow(/has no config\.json/)
})

test('says that the hub cannot be reached without naming it', async () => {
  const hub = 'http://127.0.0.1:1'
  const failed = downloadModel(locateModel('owner/tiny', places()), undefined, { fetch, hubUrl: hub })
  await expect(failed).rejects.toThrow(/cannot be reached/)
  await expect(failed).rejects.not.toThrow(/127\.0\.0\.1/)
})
