/**
 * Claude's place, on loopback, in a process of its own so that its processor time is not the Worker's. Answers every request
 * alike, as a message or, where a stream is asked for, as one. Tells its port to the process that started it.
 */
import { createServer, type ServerResponse } from 'node:http'
import { CHUNKS, CONCRETE_MODEL } from './workload.ts'

/** As long as it takes at the least, so that eight connections do not fill a core. */
const DELAY_MS = 10
const BETWEEN_CHUNKS_MS = 2

const usage = { input_tokens: 40, output_tokens: CHUNKS }
const message = {
  id: 'msg_bench',
  type: 'message',
  role: 'assistant',
  model: CONCRETE_MODEL,
  content: [{ type: 'text', text: 'It should say that the figures are of one run. '.repeat(12) }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage,
}
const answer = JSON.stringify(message)
const before = [
  { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
].map(frame)
const delta = frame({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text: 'nine more ' },
})
const after = [
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
  { type: 'message_stop' },
].map(frame)

const server = createServer(async (request, response) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  await pause(DELAY_MS)
  if (Buffer.concat(parts).includes('"stream":true')) return stream(response)
  response.writeHead(200, { 'content-type': 'application/json', 'request-id': 'req_bench' })
  response.end(answer)
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
  response.write(before.join(''))
  for (let sent = 0; sent < CHUNKS; sent += 1) {
    response.write(delta)
    await pause(BETWEEN_CHUNKS_MS)
  }
  response.end(after.join(''))
}

function frame(event: Readonly<Record<string, unknown>>): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
