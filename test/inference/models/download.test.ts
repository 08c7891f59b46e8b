import {
  appendFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { downloadModel } from '../../../inference/models/download.ts'
import { locateModel, resolveModel, SHIPPED_DIR } from '../../../inference/models/resolve.ts'
import { type ModelHub, serveModelHub } from '../../support/model-hub.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const TINY = join(import.meta.dirname, '../../fixtures/models/tiny-llama')
let cacheDir: string
let hub: ModelHub

async function setUp() {
  cacheDir = temporaryFolder()
  const served = await serveModelHub({ 'owner/tiny': TINY })
  onTestFinished(served.close)
  hub = served
}

const places = () => ({ shippedDir: SHIPPED_DIR, cacheDir })
const pull = (dtype?: string) =>
  downloadModel(locateModel('owner/tiny', places()), dtype, { fetch, hubUrl: hub.url })

test('finds the dtype that the hub has and downloads what is needed, once', async () => {
  await setUp()
  const shares: number[] = []
  const location = locateModel('owner/tiny', places())
  const onProgress = (at: { loadedBytes: number; totalBytes: number }) =>
    shares.push(at.loadedBytes / at.totalBytes)
  await downloadModel(location, undefined, { fetch, hubUrl: hub.url, onProgress })
  expect(resolveModel('owner/tiny', places()).info).toMatchObject({ name: 'owner/tiny', dtype: 'fp32' })
  expect(shares.at(-1)).toBe(1)
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  hub.asked.length = 0
  expect(await pull()).toBe(0)
  expect(hub.asked.filter((request) => request.startsWith('GET'))).toEqual([])
})

test('goes on where a download broke off, and shows no half file meanwhile', async () => {
  await setUp()
  hub.breakAfter(300_000)
  await expect(pull()).rejects.toMatchObject({ code: 'unavailable' })
  const file = join(cacheDir, 'owner/tiny/onnx/model.onnx')
  expect(existsSync(file)).toBe(false)
  expect(() => resolveModel('owner/tiny', places())).toThrow(/npm run models -- pull owner\/tiny/)
  hub.breakAfter(Number.POSITIVE_INFINITY)
  await pull()
  expect(readFileSync(file)).toEqual(readFileSync(join(TINY, 'onnx/model.onnx')))
  expect(hub.asked.at(-1)).toMatch(/GET model\.onnx [1-9]/)
})

test('takes a part that is as long as the file again from the start', async () => {
  await setUp()
  await pull()
  const file = join(cacheDir, 'owner/tiny/onnx/model.onnx')
  renameSync(file, `${file}.part`)
  truncateSync(`${file}.part`, statSync(`${file}.part`).size + 5)
  await pull()
  expect(readFileSync(file)).toEqual(readFileSync(join(TINY, 'onnx/model.onnx')))
})

test('says what is wrong with a repository or a dtype that does not exist', async () => {
  await setUp()
  await expect(pull('q4')).rejects.toThrow(/has no ONNX files of owner\/tiny in q4/)
  const other = locateModel('owner/other', places())
  await expect(downloadModel(other, undefined, { fetch, hubUrl: hub.url })).rejects.toThrow(
    /has no config\.json/,
  )
})

test('says that the hub cannot be reached without naming it', async () => {
  await setUp()
  const hubUrl = 'http://127.0.0.1:1'
  const failed = downloadModel(locateModel('owner/tiny', places()), undefined, { fetch, hubUrl })
  await expect(failed).rejects.toThrow(/cannot be reached/)
  await expect(failed).rejects.not.toThrow(/127\.0\.0\.1/)
})

test('says so where the cache folder cannot be written', async () => {
  await setUp()
  writeFileSync(join(cacheDir, 'owner'), 'a file in the way')
  await expect(pull()).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('Set MODEL_CACHE_DIR to a folder that can'),
  })
})

test('keeps no file that another process wrote to as well', async () => {
  await setUp()
  const file = join(cacheDir, 'owner/tiny/onnx/model.onnx')
  let others = 0
  const onProgress = () => {
    if (others++ === 0) appendFileSync(`${file}.part`, 'of another process')
  }
  const location = locateModel('owner/tiny', places())
  const both = downloadModel(location, undefined, { fetch, hubUrl: hub.url, onProgress })
  await expect(both).rejects.toMatchObject({ code: 'unavailable' })
  expect(existsSync(file)).toBe(false)
  await pull()
  expect(readFileSync(file)).toEqual(readFileSync(join(TINY, 'onnx/model.onnx')))
})

test('keeps no page that a network puts in the place of the hub, and heals what an older one left', async () => {
  await setUp()
  hub.answerWithPage('<html>log in</html>')
  await expect(pull()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('login page'),
  })
  expect(existsSync(join(cacheDir, 'owner/tiny/config.json'))).toBe(false)
  hub.answerWithPage(undefined)
  await pull()
  writeFileSync(join(cacheDir, 'owner/tiny/tokenizer.json'), '<html>log in</html>')
  expect(await pull()).toBeGreaterThan(0)
  expect(readFileSync(join(cacheDir, 'owner/tiny/tokenizer.json'))).toEqual(
    readFileSync(join(TINY, 'tokenizer.json')),
  )
})

test('takes all files of one commit, records their digests, and stays with the commit', async () => {
  await setUp()
  await pull()
  expect([...hub.revisions]).toEqual(['main', hub.commit])
  const record = JSON.parse(readFileSync(join(cacheDir, 'owner/tiny/download.json'), 'utf8'))
  expect(record.revision).toBe(hub.commit)
  expect(record.sha256['onnx/model.onnx']).toMatch(/^[0-9a-f]{64}$/)
  const fixed = locateModel('owner/tiny@v1.2', places())
  expect(fixed).toMatchObject({ repository: 'owner/tiny', revision: 'v1.2' })
  expect(fixed.folder).not.toBe(locateModel('owner/tiny', places()).folder)
})

test('refuses a file whose digest is not the one that the hub states', async () => {
  await setUp()
  hub.stateWrongChecksums()
  await expect(pull()).rejects.toMatchObject({
    message: expect.stringContaining('is not what the model hub'),
  })
  expect(existsSync(join(cacheDir, 'owner/tiny/config.json'))).toBe(false)
})

test('refuses weights whose digest is not the one that the hub states, wherever they are stored', async () => {
  await setUp()
  await pull()
  rmSync(join(cacheDir, 'owner/tiny/onnx/model.onnx'))
  hub.stateWrongChecksums()
  await expect(pull()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('onnx/model.onnx is not what the model hub'),
  })
})

test('takes the rest of an interrupted download from the commit that it began with', async () => {
  await setUp()
  hub.breakAfter(300_000)
  await expect(pull()).rejects.toMatchObject({ code: 'unavailable' })
  hub.breakAfter(Number.POSITIVE_INFINITY)
  const before = hub.commit
  hub.commitNext('beef')
  await pull()
  expect([...hub.revisions]).toEqual(['main', before])
})

test('tells a file that has changed on disk from one that has not, and downloads it again', async () => {
  await setUp()
  await pull()
  const file = join(cacheDir, 'owner/tiny/onnx/model.onnx')
  const bytes = readFileSync(file)
  bytes[bytes.length - 1] = ~(bytes.at(-1) ?? 0)
  writeFileSync(file, bytes)
  expect(await pull()).toBe(bytes.length)
  expect(readFileSync(file)).toEqual(readFileSync(join(TINY, 'onnx/model.onnx')))
})

test('keeps the digests of one dtype when another is downloaded, and does without a record that is damaged', async () => {
  await setUp()
  await pull()
  const path = join(cacheDir, 'owner/tiny/download.json')
  const digests = () => Object.keys(JSON.parse(readFileSync(path, 'utf8')).sha256)
  expect(digests()).toContain('onnx/model.onnx')
  await expect(pull('q8')).rejects.toMatchObject({ code: 'configuration' })
  expect(digests()).toContain('onnx/model.onnx')
  writeFileSync(path, '<html>')
  expect(await pull()).toBe(0)
})

test('downloads the commit and the files that the catalogue pins, and no others', async () => {
  await setUp()
  await pull()
  const { sha256 } = JSON.parse(readFileSync(join(cacheDir, 'owner/tiny/download.json'), 'utf8'))
  const pinned = (changes: Record<string, string>) => ({
    ...locateModel('owner/tiny', places()),
    pin: { revision: 'f00d'.padEnd(40, '0'), sha256: { ...sha256, ...changes } },
    revision: 'f00d'.padEnd(40, '0'),
  })
  const take = (changes: Record<string, string>) =>
    downloadModel(pinned(changes), undefined, { fetch, hubUrl: hub.url })
  hub.commitNext('f00d')
  expect(await take({})).toBe(0)
  await expect(take({ 'onnx/model.onnx': '0'.repeat(64) })).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('another onnx/model.onnx'),
  })
  expect(hub.revisions).toContain('f00d'.padEnd(40, '0'))
})
