/**
 * Claude's place, on loopback, in a process of its own so that its processor time is not the Worker's. Answers every request
 * alike, as a message or, where a stream is asked for, as one. Tells its port to the process that started it.
 */
import { createServer, type ServerResponse } from 'node:http'
import { ANSWER, DELTA, STREAM_END, STREAM_START } from './answers.ts'
import { CHUNKS } from './workload.ts'

/** As long as it takes at the least, so that eight connections do not fill a core. */
const DELAY_MS = 10
const BETWEEN_CHUNKS_MS = 2

const server = createServer(async (request, response) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  await pause(DELAY_MS)
  if (Buffer.concat(parts).includes('"stream":true')) return stream(response)
  response.writeHead(200, { 'content-type': 'application/json', 'request-id': 'req_bench' })
  response.end(ANSWER)
})
// Whoever started it may be ended before it can say so.
process.on('disconnect', () => process.exit())
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.send?.(address.port)
})

async function stream(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': 'req_bench' })
  response.write(STREAM_START)
  for (let sent = 0; sent < CHUNKS; sent += 1) {
    response.write(DELTA)
    await pause(BETWEEN_CHUNKS_MS)
  }
  response.end(STREAM_END)
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
