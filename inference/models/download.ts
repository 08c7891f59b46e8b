/**
 * Downloads a model's files, all of one commit, from a model hub into the cache folder. A file appears under its name only
 * when it is whole and checked; an interrupted download goes on where it stopped. Does not load models.
 */
import { createWriteStream, mkdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as z from 'zod'
import { RouterError } from '../../shared/errors.ts'
import {
  DTYPE_SUFFIXES,
  fileSize,
  kindOf,
  type ModelConfig,
  OPTIONAL_TEXT_FILES,
  onnxBaseNames,
  onnxFiles,
  REQUIRED_TEXT_FILES,
  readJson,
  readModelConfig,
} from './files.ts'
import type { ModelLocation } from './resolve.ts'
import { type Checksum, checksumOf, digestFile, looksRight } from './verify.ts'

export const DEFAULT_HUB_URL = 'https://huggingface.co'

export type DownloadProgress = {
  readonly file: string
  readonly loadedBytes: number
  /** Of all files together. */
  readonly totalBytes: number
}

export type DownloadDeps = {
  readonly fetch: typeof fetch
  readonly hubUrl: string
  /** Access token for gated models; only ever sent to the default hub. */
  readonly token?: string | undefined
  readonly onProgress?: (progress: DownloadProgress) => void
  readonly signal?: AbortSignal
}

const NOT_WRITABLE = new Set(['EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EEXIST'])

type RemoteFile = {
  readonly file: string
  readonly bytes: number
  /** As the hub states it. */
  readonly checksum: Checksum | undefined
  /** The commit that the revision names at this moment. */
  readonly commit: string | undefined
}

/**
 * Downloads what is missing of a model.
 * @param dtype the wanted dtype; absent: the catalogue's, the model's own, or the first that the hub has
 * @returns bytes that were downloaded
 * @throws {RouterError} `configuration` for a repository or dtype that the hub does not have and for a full disk,
 * `unavailable` if the hub cannot be reached or breaks off
 */
export async function downloadModel(
  location: ModelLocation,
  dtype: string | undefined,
  deps: DownloadDeps,
): Promise<number> {
  const { folder, name, repository } = location
  const kept = readRecord(folder)
  // All files are of one commit: the one of the first download, else the one that the revision names now.
  let revision = kept?.revision ?? location.revision
  const url = (file: string) => `${deps.hubUrl.replace(/\/+$/, '')}/${repository}/resolve/${revision}/${file}`
  let loadedBytes = 0

  for (const file of [...REQUIRED_TEXT_FILES, ...OPTIONAL_TEXT_FILES]) {
    if (isWhole(folder, file)) continue
    const remote = await head(url(file), file, deps)
    revision = remote?.commit ?? revision
    if (remote) loadedBytes += await fetchFile(url(file), remote, folder, deps, () => {})
    else if (file !== OPTIONAL_TEXT_FILES[0])
      throw new RouterError(
        'configuration',
        `The model hub has no ${file} for ${name}. Check the name; private or gated models need HF_TOKEN.`,
      )
  }
  const files = await findOnnxFiles(location, readModelConfig(folder), dtype, url, deps)
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
  checkDisk(folder, files)
  let done = 0
  for (const remote of files) {
    if (!isWhole(folder, remote.file))
      loadedBytes += await fetchFile(url(remote.file), remote, folder, deps, (bytes) =>
        deps.onProgress?.({ file: remote.file, loadedBytes: done + bytes, totalBytes }),
      )
    done += remote.bytes
    deps.onProgress?.({ file: remote.file, loadedBytes: done, totalBytes })
  }
  if (loadedBytes > 0)
    await writeRecord(
      folder,
      revision,
      files.map(({ file }) => file),
    )
  return loadedBytes
}

/** A file that is there and is no page of a network's login in its place. */
function isWhole(folder: string, file: string): boolean {
  const path = join(folder, file)
  return fileSize(path) > 0 && looksRight(path, file)
}

/** What was downloaded, so that later downloads are of the same commit and files can be compared. */
const RECORD = 'download.json'
const recordSchema = z.object({ revision: z.string(), sha256: z.record(z.string(), z.string()) })

function readRecord(folder: string): z.infer<typeof recordSchema> | undefined {
  if (fileSize(join(folder, RECORD)) === 0) return undefined
  return recordSchema.safeParse(readJson(join(folder, RECORD))).data
}

async function writeRecord(folder: string, revision: string, files: readonly string[]): Promise<void> {
  const sha256: Record<string, string> = {}
  for (const file of [...REQUIRED_TEXT_FILES, ...OPTIONAL_TEXT_FILES, ...files])
    if (fileSize(join(folder, file)) > 0) sha256[file] = await digestFile(join(folder, file), 'sha256')
  writeFileSync(join(folder, RECORD), `${JSON.stringify({ revision, sha256 }, null, 2)}\n`)
}

/** Asks the hub for one dtype after another, in each layout that exports use. */
async function findOnnxFiles(
  { catalogue, name }: ModelLocation,
  config: ModelConfig,
  wanted: string | undefined,
  url: (file: string) => string,
  deps: DownloadDeps,
): Promise<readonly RemoteFile[]> {
  const kind = kindOf(config)
  const own = config['transformers.js_config']?.dtype
  const preferred = wanted ?? catalogue?.dtype ?? (typeof own === 'string' ? own : undefined)
  const dtypes = preferred === undefined ? [...DTYPE_SUFFIXES.keys()] : [preferred]
  const layouts =
    kind === 'text-generation' ? [catalogue?.modelFileName, 'decoder_model_merged'] : [undefined]
  for (const dtype of dtypes)
    for (const layout of layouts) {
      const found: RemoteFile[] = []
      for (const file of onnxFiles(kind, dtype, config, layout)) {
        const remote = await head(url(file), file, deps)
        if (!remote) break
        found.push(remote)
      }
      if (found.length >= onnxBaseNames(kind, layout).length) return found
    }
  throw new RouterError(
    'configuration',
    `The model hub has no ONNX files of ${name} in ${dtypes.join(', ')}. Choose another LOCAL_MODEL_DTYPE or model.`,
  )
}

async function head(url: string, file: string, deps: DownloadDeps): Promise<RemoteFile | undefined> {
  const response = await request(url, { method: 'HEAD' }, deps)
  if (response.status === 404 || response.status === 401 || response.status === 403) return undefined
  if (!response.ok) throw hubError(response.status)
  if (isPage(response)) throw notTheHub()
  const { headers } = response
  return {
    file,
    bytes: Number(headers.get('x-linked-size') ?? headers.get('content-length') ?? 0),
    checksum: checksumOf(headers.get('x-linked-etag') ?? headers.get('etag')),
    commit: /^[0-9a-f]{40}$/.exec(headers.get('x-repo-commit') ?? '')?.[0],
  }
}

function isPage(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get('content-type') ?? '')
}

function notTheHub(): RouterError {
  return new RouterError(
    'unavailable',
    'Something else answered in place of the model hub, such as the login page of a network. Log in, or check MODEL_HUB_URL, and run it again.',
  )
}

async function fetchFile(
  url: string,
  { file, bytes, checksum }: RemoteFile,
  folder: string,
  deps: DownloadDeps,
  progress: (bytes: number) => void,
): Promise<number> {
  const target = join(folder, file)
  const part = `${target}.part`
  const have = fileSize(part)
  const resume = have > 0 && have < bytes
  const response = await request(url, resume ? { headers: { range: `bytes=${have}-` } } : {}, deps)
  if (!response.ok || response.body === null) throw hubError(response.status)
  if (isPage(response)) throw notTheHub()
  const append = resume && response.status === 206
  let size = append ? have : 0
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      size += chunk.byteLength
      progress(size)
      yield chunk
    }
  }
  try {
    mkdirSync(dirname(target), { recursive: true })
    if (!append) writeFileSync(part, '')
    const options = deps.signal === undefined ? {} : { signal: deps.signal }
    await pipeline(Readable.from(response.body), counted, createWriteStream(part, { flags: 'a' }), options)
  } catch (cause) {
    throw writeError(cause, target)
  }
  // What is on disk counts: another process may have written to the same part.
  const written = fileSize(part)
  if (bytes > 0 && written !== bytes) {
    if (written > bytes) rmSync(part, { force: true })
    throw new RouterError(
      'unavailable',
      `The download of ${file} ended after ${written} of ${bytes} bytes. Run it again: it goes on where it stopped.`,
    )
  }
  const isIntact = checksum === undefined || (await digestFile(part, checksum.algorithm)) === checksum.hex
  if (!isIntact || !looksRight(part, file)) {
    rmSync(part, { force: true })
    throw new RouterError(
      'unavailable',
      `The download of ${file} is not what the model hub says it is. Check the network and MODEL_HUB_URL, and run it again.`,
    )
  }
  renameSync(part, target)
  return size - (append ? have : 0)
}

async function request(url: string, init: RequestInit, deps: DownloadDeps): Promise<Response> {
  const headers = new Headers(init.headers)
  // Compressed answers have lengths that say nothing about the file.
  headers.set('accept-encoding', 'identity')
  const { token } = deps
  if (token && new URL(url).origin === new URL(DEFAULT_HUB_URL).origin)
    headers.set('authorization', `Bearer ${token}`)
  try {
    return await deps.fetch(url, { ...init, headers, ...(deps.signal ? { signal: deps.signal } : {}) })
  } catch (cause) {
    throw new RouterError(
      'unavailable',
      'The model hub cannot be reached. Check the network and MODEL_HUB_URL, or take the shipped model: leave LOCAL_MODEL_NAME empty.',
      { cause },
    )
  }
}

function checkDisk(folder: string, files: readonly RemoteFile[]): void {
  const needed = files.reduce((sum, { file, bytes }) => {
    const target = join(folder, file)
    return sum + (fileSize(target) > 0 ? 0 : Math.max(0, bytes - fileSize(`${target}.part`)))
  }, 0)
  const { bavail, bsize } = statfsSync(folder)
  if (needed > bavail * bsize) throw diskFull(folder, needed)
}

function writeError(cause: unknown, target: string): RouterError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(dirname(target))
  if (typeof code === 'string' && NOT_WRITABLE.has(code))
    return new RouterError(
      'configuration',
      `${target} cannot be written. Set MODEL_CACHE_DIR to a folder that can.`,
      { cause },
    )
  return new RouterError(
    'unavailable',
    `The download of ${target} broke off. Run it again: it goes on where it stopped.`,
    { cause },
  )
}

function diskFull(folder: string, neededBytes?: number): RouterError {
  const needed = neededBytes === undefined ? '' : ` (${Math.ceil(neededBytes / 1e6)} MB needed)`
  return new RouterError(
    'configuration',
    `The disk of ${folder} is full${needed}. Free some space or set MODEL_CACHE_DIR to another disk.`,
  )
}

function hubError(status: number): RouterError {
  return new RouterError('unavailable', `The model hub answered with status ${status}. Try again later.`)
}
