/**
 * A scriptable server on a real port that stands in for the container or for Claude: it reads requests properly and
 * answers by steps that write raw bytes, so that every fault of a connection can be played. Records what came.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** One request as it arrived. */
export type Hit = {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Settles when the connection of this request is closed, by whichever side. */
  readonly closed: Promise<void>
}

export type Exchange = { readonly hit: Hit; readonly socket: Socket }
/** One act of an answer. Returns when the next may follow. */
export type Step = (exchange: Exchange) => Promise<void> | void
export type Script = readonly Step[]

export type Contact = { readonly connections: number; readonly bytes: number }

export type Upstream = {
  readonly url: string
  /** Every request to the answering endpoint since the last `reset`. */
  readonly hits: readonly Hit[]
  /** Requests to any other path, such as `/readyz`. */
  readonly otherHits: readonly Hit[]
  /** Every connection and byte that has ever come, whatever of it became a request. */
  readonly contact: () => Contact
  /** How many connections are open at this moment. */
  readonly openConnections: () => number
  /** Answers the next requests with these scripts, one each; after them the usual one answers again. */
  readonly next: (...scripts: readonly Script[]) => void
  /** Answers every request for which none is queued with this script, until the next `reset`. */
  readonly usually: (script: Script) => void
  /** Settles when so many requests have come since the last `reset`. */
  readonly received: (count: number) => Promise<void>
  /** Forgets hits and scripts that were not used, and answers as in the beginning. */
  readonly reset: () => void
  /** Closes the port and every connection: from now on nobody can connect. */
  readonly close: () => Promise<void>
  /** Listens on the same port again. */
  readonly reopen: () => Promise<void>
}

export type UpstreamOptions = {
  /** How the answering endpoint answers where no script is queued. */
  readonly usual: Script
  /** How every other path is answered. */
  readonly other: Script
  /** The answering endpoint. */
  readonly path?: string
}

/** Starts a stand-in on a free port of 127.0.0.1. */
export async function startUpstream(options: UpstreamOptions): Promise<Upstream> {
  const { usual, other, path = '/v1/messages' } = options
  const hits: Hit[] = []
  const otherHits: Hit[] = []
  const queue: Script[] = []
  let current = usual
  let waiting: { readonly count: number; readonly settle: () => void }[] = []

  const answer = async (request: IncomingMessage) => {
    const { socket } = request
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    socket.once('close', () => resolve())
    const hit: Hit = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: await readBody(request),
      closed,
    }
    const isAnswer = hit.path.split('?')[0] === path
    ;(isAnswer ? hits : otherHits).push(hit)
    waiting = waiting.filter(({ count, settle }) => hits.length < count || settle())
    const script = isAnswer ? (queue.shift() ?? current) : other
    for (const step of script) {
      if (socket.destroyed) return
      await step({ hit, socket })
    }
  }

  const server = createServer((request) => {
    answer(request).catch(() => request.socket.destroy())
  })
  // A peer that resets its connection is an event to be observed, not a failure of the test's process.
  const sockets: Socket[] = []
  server.on('connection', (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
  })
  server.keepAliveTimeout = 0
  server.requestTimeout = 0
  await listen(server, 0)
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    hits,
    otherHits,
    contact: () => ({
      connections: sockets.length,
      bytes: sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    }),
    openConnections: () => sockets.filter((socket) => !socket.destroyed).length,
    next: (...scripts) => void queue.push(...scripts),
    usually(script) {
      current = script
    },
    received(count) {
      if (hits.length >= count) return Promise.resolve()
      return new Promise((settle) => waiting.push({ count, settle }))
    },
    reset() {
      hits.length = 0
      otherHits.length = 0
      queue.length = 0
      current = usual
    },
    close: () =>
      new Promise((settle) => {
        server.close(() => settle())
        server.closeAllConnections()
      }),
    reopen: () => listen(server, port),
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((settle, fail) => {
    server.once('error', fail)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', fail)
      settle()
    })
  })
}
