/**
 * Downloads a model's files, all of one commit, from a model hub into the cache folder. A file appears under its name only
 * when it is whole and checked; an interrupted download goes on where it stopped. Does not load models.
 */
import { createWriteStream, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { RouterError } from '../../shared/errors.ts'
import { readRecord, recordFile } from './download-record.ts'
import {
  DTYPE_SUFFIXES,
  fileSize,
  kindOf,
  type ModelConfig,
  OPTIONAL_TEXT_FILES,
  onnxBaseNames,
  onnxFiles,
  REQUIRED_TEXT_FILES,
  readModelConfig,
} from './files.ts'
import { createHub, type HubOptions, type RemoteFile } from './hub.ts'
import { makeFolder } from './make-folder.ts'
import type { ModelLocation } from './resolve.ts'
import { digestFile, looksRight } from './verify.ts'

export type DownloadProgress = {
  readonly file: string
  readonly loadedBytes: number
  /** Of all files together. */
  readonly totalBytes: number
}

export type DownloadDeps = HubOptions & {
  readonly onProgress?: (progress: DownloadProgress) => void
}

/** What `describe` says of a file of the commit that is downloaded. */
type Describe = (file: string) => Promise<RemoteFile | undefined>

const NOT_WRITABLE = new Set(['EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EEXIST'])

/**
 * Downloads what is missing of a model, and what is no longer as it was downloaded.
 * @param dtype the wanted dtype; absent: the catalogue's, the model's own, or the first that the hub has
 * @returns bytes that were downloaded
 * @throws {RouterError} `configuration` for a repository or dtype that the hub does not have, for a full disk and for a
 * file that differs from the recorded or pinned one, `unavailable` if the hub cannot be reached or breaks off
 */
export async function downloadModel(
  location: ModelLocation,
  dtype: string | undefined,
  deps: DownloadDeps,
): Promise<number> {
  const { folder, name, repository, pin } = location
  const hub = createHub(repository, deps)
  const kept = readRecord(folder)
  const record = pin === undefined || pin.revision === kept?.revision ? kept : undefined
  // All files are of one commit: the one of the first download, else the one that the revision names now.
  let revision = record?.revision ?? location.revision
  const describe: Describe = async (file) => {
    const remote = await hub.describe(revision, file)
    revision = remote?.commit ?? revision
    return remote
  }
  const sha256Of = (file: string) => pin?.sha256[file] ?? record?.sha256[file]
  const obtain = async (remote: RemoteFile, progress: (bytes: number) => void) => {
    const { file } = remote
    const open = (from: number) => hub.open(revision, file, from)
    const { bytes, sha256 } = await fetchFile(remote, sha256Of(file), folder, { open, progress, deps })
    recordFile(folder, revision, file, sha256)
    return bytes
  }
  let loadedBytes = 0

  for (const file of [...REQUIRED_TEXT_FILES, ...OPTIONAL_TEXT_FILES]) {
    if (await isIntact(folder, file, sha256Of(file))) continue
    const remote = await describe(file)
    if (remote) loadedBytes += await obtain(remote, () => {})
    else if (!(OPTIONAL_TEXT_FILES as readonly string[]).includes(file))
      throw new RouterError(
        'configuration',
        `The model hub has no ${file} for ${name}. Check the name; private or gated models need HF_TOKEN.`,
      )
  }
  const files = await findOnnxFiles(location, readModelConfig(folder), dtype, describe)
  const missing = new Set<RemoteFile>()
  for (const remote of files)
    if (!(await isIntact(folder, remote.file, sha256Of(remote.file)))) missing.add(remote)
  checkDisk(folder, missing)
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
  let done = 0
  for (const remote of files) {
    const { file } = remote
    if (missing.has(remote))
      loadedBytes += await obtain(remote, (bytes) =>
        deps.onProgress?.({ file, loadedBytes: done + bytes, totalBytes }),
      )
    done += remote.bytes
    deps.onProgress?.({ file, loadedBytes: done, totalBytes })
  }
  return loadedBytes
}

/** A file that is there, is no login page in its place, and has the digest that is known of it, if one is. */
async function isIntact(folder: string, file: string, sha256: string | undefined): Promise<boolean> {
  const path = join(folder, file)
  if (fileSize(path) === 0 || !looksRight(path, file)) return false
  return sha256 === undefined || (await digestFile(path, 'sha256')) === sha256
}

/** Asks the hub for one dtype after another, in each layout that exports use. */
async function findOnnxFiles(
  { catalogue, name }: ModelLocation,
  config: ModelConfig,
  wanted: string | undefined,
  describe: Describe,
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
        const remote = await describe(file)
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

type Transfer = {
  /** Returns the response with the file's bytes from there on. */
  readonly open: (from: number) => Promise<Response>
  readonly progress: (bytes: number) => void
  readonly deps: DownloadDeps
}

/**
 * Downloads one file and checks it before it takes its name.
 * @param wanted its SHA-256 where it is known already
 * @returns how many bytes were downloaded, and the file's SHA-256
 */
async function fetchFile(
  { file, bytes, checksum }: RemoteFile,
  wanted: string | undefined,
  folder: string,
  { open, progress, deps }: Transfer,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const target = join(folder, file)
  const part = `${target}.part`
  const have = fileSize(part)
  const response = await open(have > 0 && have < bytes ? have : 0)
  const append = response.status === 206
  let size = append ? have : 0
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      size += chunk.byteLength
      progress(size)
      yield chunk
    }
  }
  try {
    makeFolder(dirname(target))
    if (!append) writeFileSync(part, '')
    const options = deps.signal === undefined ? {} : { signal: deps.signal }
    const body = Readable.from(response.body ?? [])
    await pipeline(body, counted, createWriteStream(part, { flags: 'a' }), options)
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
  const sha256 = await digestFile(part, 'sha256')
  const digest = checksum?.algorithm === 'git-blob' ? await digestFile(part, 'git-blob') : sha256
  if ((checksum !== undefined && digest !== checksum.hex) || !looksRight(part, file)) {
    rmSync(part, { force: true })
    throw new RouterError(
      'unavailable',
      `The download of ${file} is not what the model hub says it is. Check the network and MODEL_HUB_URL, and run it again.`,
    )
  }
  if (wanted !== undefined && sha256 !== wanted) {
    rmSync(part, { force: true })
    throw new RouterError(
      'configuration',
      `The model hub has another ${file} than the one that is known. Remove ${folder} to take what it has now, or name a commit: owner/name@revision.`,
    )
  }
  renameSync(part, target)
  return { bytes: size - (append ? have : 0), sha256 }
}

function checkDisk(folder: string, missing: ReadonlySet<RemoteFile>): void {
  let needed = 0
  for (const { file, bytes } of missing) needed += Math.max(0, bytes - fileSize(`${join(folder, file)}.part`))
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
