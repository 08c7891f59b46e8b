/**
 * One address for a browser: built files of the pages from disk, as Cloudflare's assets serve them, and everything else from the
 * Worker. Owns no file and no Worker.
 */
import { readFileSync } from 'node:fs'
import { createServer, request, type ServerResponse } from 'node:http'
import { join, normalize } from 'node:path'
import { getMimeType } from 'hono/utils/mime'
import { ROOT } from '../../scripts/run-command.ts'

export type PageHost = {
  readonly url: string
  /** To whom everything but files goes, from now on. */
  readonly sendTo: (port: number) => void
  readonly stop: () => void
}

const BUILT = join(ROOT, 'dist/pages')

/** Returns once it listens, on loopback. The pages must have been built. */
export function startPageHost(): Promise<PageHost> {
  let workerPort = 0
  const server = createServer((asked, answer) => {
    const path = asked.url ?? '/'
    if (path === '/names.json' || path.startsWith('/assets/')) return sendFile(path, answer)
    const { method, headers } = asked
    const passed = request({ host: '127.0.0.1', port: workerPort, path, method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers)
      got.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    asked.pipe(passed)
  })
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return reject(new Error('No port'))
      resolve({
        url: `http://127.0.0.1:${address.port}`,
        sendTo(port) {
          workerPort = port
        },
        stop() {
          server.closeAllConnections()
          server.close()
        },
      })
    })
  })
}

function sendFile(path: string, answer: ServerResponse): void {
  try {
    const content = readFileSync(join(BUILT, normalize(path)))
    answer.writeHead(200, {
      'content-type': getMimeType(path) ?? 'application/octet-stream',
      'cache-control': 'public, max-age=31536000, immutable',
    })
    answer.end(content)
  } catch {
    answer.writeHead(404).end()
  }
}
