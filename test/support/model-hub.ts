/**
 * A model hub on loopback that serves folders as repositories, with ranges, and can break off. As the real one does, it
 * states commit and digest itself and redirects large files to a storage on another origin, whose tags mean something else.
 */
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

export type ModelHub = {
  readonly url: string
  /** Requests so far: method, file name, first byte. */
  readonly asked: string[]
  /** Breaks off files of more than 500 kB after so many bytes. */
  readonly breakAfter: (bytes: number) => void
  /** Revisions that were asked for. */
  readonly revisions: ReadonlySet<string>
  /** The commit that branches and tags name. */
  readonly commit: string
  /** Makes branches and tags name another commit of the same files. */
  readonly commitNext: (prefix: string) => void
  /** Answers everything with a page, as the login of a network does; undefined ends it. */
  readonly answerWithPage: (text: string | undefined) => void
  readonly stateWrongChecksums: () => void
  readonly close: () => Promise<void>
}

/** Starts a hub; `repositories` maps names to folders. */
export async function serveModelHub(repositories: Readonly<Record<string, string>>): Promise<ModelHub> {
  const asked: string[] = []
  const revisions = new Set<string>()
  let commit = 'c0ffee'.padEnd(40, '0')
  const commitOf = (revision: string) => (/^[0-9a-f]{40}$/.test(revision) ? revision : commit)
  let page: string | undefined
  let badSums = false
  let limit = Number.POSITIVE_INFINITY
  const handle = (isStorage: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const [, repository = '', revision = '', file = ''] =
      /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(request.url ?? '') ?? []
    const path = join(repositories[repository] ?? '/nowhere', file)
    const size = statSync(path, { throwIfNoEntry: false })?.size
    if (size === undefined) return void response.writeHead(404).end()
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (page !== undefined) {
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': page.length })
      return void response.end(request.method === 'HEAD' ? undefined : page)
    }
    const isLarge = size > LARGE_BYTES
    if (!isStorage) revisions.add(revision)
    if (!isStorage && isLarge) {
      response.writeHead(302, {
        location: `${storageUrl}${request.url}`,
        'x-repo-commit': commitOf(revision),
        'x-linked-size': size,
        'x-linked-etag': `"${badSums ? '0'.repeat(64) : digest('sha256', readFileSync(path))}"`,
      })
      return void response.end()
    }
    asked.push(`${request.method} ${file.split('/').at(-1)} ${start}`)
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': size - start,
      ...(isStorage
        ? { etag: `"${'f'.repeat(64)}"` }
        : {
            'x-repo-commit': commitOf(revision),
            etag: `"${badSums ? '0'.repeat(40) : blobId(readFileSync(path))}"`,
          }),
    })
    if (request.method === 'HEAD') return void response.end()
    const end = isLarge ? Math.min(size, start + limit) : size
    const bytes = createReadStream(path, { start, end: end - 1 })
    bytes.pipe(response, { end: end === size })
    if (end < size) bytes.on('end', () => setImmediate(() => response.destroy()))
  }
  const servers = [createServer(handle(false)), createServer(handle(true))] as const
  const [url, storageUrl] = await Promise.all([listen(servers[0]), listen(servers[1])])
  return {
    url,
    asked,
    revisions,
    get commit() {
      return commit
    },
    commitNext(prefix) {
      commit = prefix.padEnd(40, '0')
    },
    answerWithPage(text) {
      page = text
    },
    stateWrongChecksums() {
      badSums = true
    },
    breakAfter(bytes) {
      limit = bytes
    },
    async close() {
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  }
}

const LARGE_BYTES = 500_000

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function digest(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}

/** As git names the content of a file. */
function blobId(bytes: Uint8Array): string {
  return digest('sha1', Buffer.concat([Buffer.from(`blob ${bytes.byteLength}\0`), bytes]))
}
