/**
 * Claude's stand-in and the way to the real container, in a process of their own, both of which misbehave in a share of the
 * requests. Tells its ports once, and its report whenever it is asked.
 *
 *   fork(…, [address of the container, share of faults, seed])
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type Fault, faultDie } from './upstream-faults.ts'
import type { UpstreamReport } from './upstream-report.ts'

const [containerUrl = '', share = '0', seed = '0'] = process.argv.slice(2)
const claudeDie = faultDie(Number(share), Number(seed))
const containerDie = faultDie(Number(share), Number(seed) + 1)
const seen = { claude: { requests: 0, faults: 0 }, container: { requests: 0, faults: 0 } }
const statuses: Record<string, number> = {}
const refusedAfterMs: number[] = []
let longestQueue = 0

const usage = { input_tokens: 12, output_tokens: 8 }
const message = {
  id: 'msg_load',
  type: 'message',
  role: 'assistant',
  model: 'claude-load',
  content: [{ type: 'text', text: 'eight words of Claude for the load test' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage,
}
const frames = [
  { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'eight words of ' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Claude for the load test' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
  { type: 'message_stop' },
].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
const FIRST_WORDS = frames.slice(0, 3).join('')

const claude = createServer(async (incoming, response) => {
  seen.claude.requests++
  const body = await readAll(incoming)
  const wantsStream = body.includes('"stream":true')
  const fault = claudeDie()
  if (fault !== undefined) {
    seen.claude.faults++
    return misbehave(fault, incoming, response, () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(FIRST_WORDS)
    })
  }
  response.writeHead(200, { 'content-type': wantsStream ? 'text/event-stream' : 'application/json' })
  response.end(wantsStream ? frames.join('') : JSON.stringify(message))
})

const container = createServer(async (incoming, response) => {
  const begun = performance.now()
  const isAnswer = incoming.url === '/v1/messages'
  if (isAnswer) seen.container.requests++
  const body = await readAll(incoming)
  const fault = isAnswer ? containerDie() : undefined
  if (fault !== undefined) seen.container.faults++
  if (fault !== undefined && fault !== 'cut' && fault !== 'stall')
    return misbehave(fault, incoming, response, () => {})
  const { method, url: path, headers } = incoming
  const onward = request(`${containerUrl}${path}`, { method, headers, agent: false }, (answer) => {
    const status = answer.statusCode ?? 0
    const queued = Number(answer.headers['x-queue-depth'] ?? 0)
    if (isAnswer) statuses[status] = (statuses[status] ?? 0) + 1
    if (isAnswer && status === 429) refusedAfterMs.push(performance.now() - begun)
    longestQueue = Math.max(longestQueue, queued)
    response.writeHead(status, answer.headers)
    answer.on('error', () => response.destroy())
    if (fault === undefined || status !== 200) return void answer.pipe(response)
    answer.on('data', (part: Buffer) => {
      response.write(part)
      if (!part.includes('content_block_delta')) return
      answer.removeAllListeners('data')
      onward.destroy()
      misbehave(fault, incoming, response, () => {})
    })
  })
  onward.on('error', () => response.destroy())
  // Whoever hangs up here must reach the container as one who hangs up.
  response.on('close', () => onward.destroy())
  onward.end(body)
})

function misbehave(
  fault: Fault,
  { socket }: IncomingMessage,
  response: ServerResponse,
  begin: () => void,
): void {
  if (fault === 'status') return void response.writeHead(500).end('{}')
  if (fault === 'page')
    return void response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>')
  if (fault === 'cut' || fault === 'stall') begin()
  // A stall and a silence end when the other side has had enough.
  if (fault === 'reset') socket.resetAndDestroy()
  if (fault === 'cut') setTimeout(() => socket.resetAndDestroy(), 5)
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of incoming) parts.push(part)
  return Buffer.concat(parts).toString()
}

async function listening(server: Server): Promise<number> {
  server.requestTimeout = 0
  // Short, so that what is open long after the load is a leak.
  server.keepAliveTimeout = 1_000
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', 4_096, settle))
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

function openOn(server: Server): Promise<number> {
  return new Promise((settle) => server.getConnections((_, count) => settle(count)))
}

process.on('disconnect', () => process.exit())
process.on('message', async () => {
  const report: UpstreamReport = {
    claude: { ...seen.claude, open: await openOn(claude) },
    container: { ...seen.container, open: await openOn(container) },
    statuses,
    longestQueue,
    refusedAfterMs,
  }
  process.send?.(report)
})
process.send?.({ claude: await listening(claude), container: await listening(container) })
