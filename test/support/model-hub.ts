/**
 * A model hub on loopback that serves folders as repositories, with ranges, and can break off.
 */
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
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
  /** The commit that every revision names. */
  readonly commit: string
  /** Answers everything with a page, as the login of a network does; undefined ends it. */
  readonly answerWithPage: (text: string | undefined) => void
  readonly stateWrongChecksums: () => void
  readonly close: () => Promise<void>
}

/** Starts a hub; `repositories` maps names to folders. */
export async function serveModelHub(repositories: Readonly<Record<string, string>>): Promise<ModelHub> {
  const asked: string[] = []
  const revisions = new Set<string>()
  const commit = 'c0ffee'.padEnd(40, '0')
  let page: string | undefined
  let badSums = false
  let limit = Number.POSITIVE_INFINITY
  const server = createServer((request, response) => {
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
    revisions.add(revision)
    asked.push(`${request.method} ${file.split('/').at(-1)} ${start}`)
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': size - start,
      'x-repo-commit': commit,
      ...(badSums ? { 'x-linked-etag': `"${'0'.repeat(64)}"` } : {}),
    })
    if (request.method === 'HEAD') return void response.end()
    const end = size > 500_000 ? Math.min(size, start + limit) : size
    const bytes = createReadStream(path, { start, end: end - 1 })
    bytes.pipe(response, { end: end === size })
    if (end < size) bytes.on('end', () => setImmediate(() => response.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    revisions,
    commit,
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
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
