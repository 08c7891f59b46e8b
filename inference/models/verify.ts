/**
 * Whether a downloaded file is what it should be: its digest, where one is known to compare it with, and what its kind must
 * look like in any case. A network that asks for a login answers every address with a page and status 200.
 */
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, readFileSync, readSync } from 'node:fs'
import { fileSize } from './files.ts'

/** A digest as hubs state it: SHA-256 of large files, git's blob id (SHA-1) of small ones. */
export type Checksum = { readonly algorithm: 'sha256' | 'git-blob'; readonly hex: string }

/** Returns the checksum that an entity tag of the model hub is, or undefined for any other tag. */
export function checksumOf(tag: string | null): Checksum | undefined {
  const hex = /^(?:W\/)?"?([0-9a-f]{40}|[0-9a-f]{64})"?$/i.exec(tag ?? '')?.[1]?.toLowerCase()
  if (hex === undefined) return undefined
  return { algorithm: hex.length === 64 ? 'sha256' : 'git-blob', hex }
}

/** Returns the file's digest in hexadecimal. */
export async function digestFile(path: string, algorithm: Checksum['algorithm']): Promise<string> {
  const hash = createHash(algorithm === 'sha256' ? 'sha256' : 'sha1')
  // Source: git's object format; a blob's id is the SHA-1 of this header and the content.
  if (algorithm === 'git-blob') hash.update(`blob ${fileSize(path)}\0`)
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Says whether the content is of the kind that the name promises: JSON that parses, or a protobuf of ONNX. */
export function looksRight(path: string, file: string): boolean {
  if (file.endsWith('.json')) return isJsonObject(readFileSync(path, 'utf8'))
  // An ONNX model begins with its ir_version: field 1, a varint.
  if (file.endsWith('.onnx')) return firstByte(path) === 0x08
  return fileSize(path) > 0
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}

function firstByte(path: string): number | undefined {
  const handle = openSync(path, 'r')
  try {
    const buffer = new Uint8Array(1)
    return readSync(handle, buffer, 0, 1, 0) === 1 ? buffer[0] : undefined
  } finally {
    closeSync(handle)
  }
}
