/**
 * A relay on loopback that passes requests on byte for byte and keeps what went through: what a client really sent,
 * or a container that can be made to fail. Judges nothing.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export type Passed = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The text of the answer, once it has ended; compression is undone. */
  readonly answer: () => string
}

export type Relay = {
  readonly url: string
  /** Every request since the last `reset`, in the order of their arrival. */
  readonly passed: readonly Passed[]
  /** Answers the next requests to `path` with a 500 instead of passing them on. */
  readonly failNext: (path: string, count?: number) => void
  readonly reset: () => void
  readonly close: () => Promise<void>
}

/** Starts a relay to `target` on a free port of 127.0.0.1. */
export async function startRelay(target: string): Promise<Relay> {
  const passed: Passed[] = []
  const failing = new Map<string, number>()

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answered: Buffer[] = []
    let compressed = false
    const path = request.url ?? ''
    const body = Buffer.concat(chunks)
    passed.push({
      method: request.method ?? '',
      path,
      headers: request.headers,
      body,
      answer() {
        const bytes = Buffer.concat(answered)
        return (compressed ? gunzipSync(bytes) : bytes).toString()
      },
    })
    const failures = failing.get(path) ?? 0
    if (failures > 0) {
      failing.set(path, failures - 1)
      response.writeHead(500).end()
      return
    }
    const { host: _host, 'transfer-encoding': _encoding, ...headers } = request.headers
    // Of the encodings that clients offer, only gzip is wanted: it is undone above.
    if (headers['accept-encoding']) headers['accept-encoding'] = 'gzip'
    const onward = send(
      `${target}${path}`,
      { method: request.method ?? 'GET', headers: { ...headers, 'content-length': body.length } },
      (incoming) => {
        compressed = incoming.headers['content-encoding'] === 'gzip'
        response.writeHead(incoming.statusCode ?? 502, incoming.headers)
        incoming.on('data', (chunk: Buffer) => {
          answered.push(chunk)
          response.write(chunk)
        })
        incoming.on('end', () => response.end())
        incoming.on('error', () => response.destroy())
      },
    )
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    onward.end(body)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    passed,
    failNext: (path, count = 1) => void failing.set(path, count),
    reset() {
      passed.length = 0
      failing.clear()
    },
    close: () =>
      new Promise((settle) => {
        server.close(() => settle())
        server.closeAllConnections()
      }),
  }
}
