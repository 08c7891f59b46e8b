/**
 * The acts of which a stand-in's answer is made: heads, chunks, pauses, and the ways in which a connection ends.
 * Knows HTTP/1.1; knows nothing of the Messages API (upstream-messages.ts does).
 */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Exchange, Script, Step } from './upstream.ts'

const REASONS: Readonly<Record<number, string>> = { 200: 'OK', 404: 'Not Found', 429: 'Too Many Requests' }

/** Writes bytes exactly as they are. */
export function raw(bytes: string | Uint8Array): Step {
  return ({ socket }) => write(socket, bytes)
}

/** Writes a response head; every connection serves one answer, so that its end can be played freely. */
export function head(status: number, headers: Readonly<Record<string, string>>): Step {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return raw(
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Status'}\r\n${lines.join('')}connection: close\r\n\r\n`,
  )
}

/** Writes one chunk of a chunked body. */
export function chunk(bytes: string | Uint8Array): Step {
  const content = Buffer.from(bytes)
  return raw(Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n')]))
}

/** Writes a chunk for every single byte. */
export function drip(bytes: string): Step {
  return async (exchange) => {
    for (const byte of Buffer.from(bytes)) await chunk(Uint8Array.of(byte))(exchange)
  }
}

/** Ends a chunked body properly. */
export const complete: Step = async ({ socket }) => {
  await write(socket, '0\r\n\r\n')
  socket.end()
}

/** Says nothing for so many ms. */
export function pause(milliseconds: number): Step {
  return () => delay(milliseconds)
}

/** Says nothing until `event` has happened. */
export function until(event: Promise<unknown>): Step {
  return async () => void (await event)
}

/** Says nothing any more, until the other side closes the connection. */
export const hold: Step = async ({ hit }) => await hit.closed

/** Closes the connection in order (FIN), whatever was promised. */
export const finish: Step = ({ socket }) => void socket.end()

/** Breaks the connection (RST). */
export const reset: Step = ({ socket }) => void socket.resetAndDestroy()

/** Does the same so many times, with a pause in ms after each. */
export function repeat(step: Step, times: number, everyMs: number): Script {
  return Array.from({ length: times }, () => [step, pause(everyMs)]).flat()
}

/** A whole answer with its length. */
export function respond(
  status: number,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' },
): Script {
  const content = Buffer.from(body)
  return [head(status, { ...headers, 'content-length': String(content.length) }), raw(content), finish]
}

/** A page as a proxy or a hosting platform shows it. */
export function htmlPage(status: number): Script {
  return respond(status, '<!doctype html><title>proxy-secret-host</title><h1>Bad gateway</h1>', {
    'content-type': 'text/html',
  })
}

async function write(socket: Exchange['socket'], bytes: string | Uint8Array): Promise<void> {
  if (socket.destroyed || socket.write(bytes)) return
  // A paused reader may leave for good: then nothing drains any more.
  const left = new AbortController()
  const closed = once(socket, 'close', { signal: left.signal })
  try {
    await Promise.race([once(socket, 'drain', { signal: left.signal }), closed])
  } finally {
    left.abort()
    closed.catch(() => {})
  }
}
