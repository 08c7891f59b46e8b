/**
 * The edge in this process, its upstream a function: what its own code costs, without sockets and without workerd. Settings are
 * those of wrangler.toml's defaults. Measures nothing.
 */
import { createApp } from '../../../edge/app.ts'
import type { BatchBook } from '../../../edge/batches/batch-book.ts'
import { composeDependencies } from '../../../edge/compose.ts'
import { readConfig } from '../../../edge/config.ts'
import { createMemoryControlRecord } from '../../../edge/control/control-record.ts'
import { createRequestId, cryptoRandomBytes } from '../../../edge/ledger/request-id.ts'
import type { ClassifierModel } from '../../../edge/routing/classifier/classifier-model.ts'
import { createLog } from '../../../shared/log.ts'
import { ANSWER, DELTA, STREAM_END, STREAM_START } from '../answers.ts'
import { type AskInProcess, CHUNKS, type Kind } from '../workload.ts'

const KEY = 'a-key-of-the-bench'
const encoder = new TextEncoder()
const answerBytes = encoder.encode(ANSWER)
const pieces = [STREAM_START, ...Array.from({ length: CHUNKS }, () => DELTA), STREAM_END].map((text) =>
  encoder.encode(text),
)

/** Returns what asks. Log lines are put together and thrown away. */
export async function createInProcessEdge(classifierModel: ClassifierModel): Promise<AskInProcess> {
  const result = await readConfig({
    ANTHROPIC_API_KEY: 'none-is-needed-here',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
    ROUTER_KEYS: `bench:${KEY}`,
  })
  if (!result.ok) throw new Error(result.problems.join('; '))
  const { config } = result
  const app = createApp(
    composeDependencies(config, {
      fetch: async (_, { body }) => (wantsStream(body) ? streamed() : whole()),
      readAsset: async () => new Response(null, { status: 404 }),
      log: createLog('json', () => {}),
      now: () => Date.now(),
      random: Math.random,
      createId: (at) => createRequestId(at, cryptoRandomBytes),
      classifierModel,
      controlRecord: createMemoryControlRecord(config.strategy),
      ledger: undefined,
      batchBook: NO_BATCHES,
    }),
  )
  const seen = new Set<string>()
  // The first of a cache's requests finds nothing.
  const isFirst = ({ name }: Kind) => !seen.has(name) && seen.add(name) !== undefined
  return async (kind, number) => {
    const response = await app.fetch(
      new Request('http://127.0.0.1/v1/messages', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': KEY, ...kind.headers },
        body: kind.body(number),
      }),
      {},
      { waitUntil: () => {}, passThroughOnException: () => {}, props: {} },
    )
    await response.arrayBuffer()
    if (isFirst(kind)) return
    const wrong = Object.entries(kind.expected).find(([name, value]) => response.headers.get(name) !== value)
    if (response.status !== 200 || wrong !== undefined)
      throw new Error(`${kind.name} was answered with ${response.status}, ${wrong?.join(' is not ')}.`)
  }
}

/** The bench sends no batches. */
const NO_BATCHES: BatchBook = {
  bind: async () => {},
  find: async () => undefined,
  list: async () => [],
  fetch: async () => undefined,
  settle: async () => {},
  forget: async () => {},
}

function wantsStream(body: RequestInit['body']): boolean {
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body.subarray(-2_000)) : String(body)
  return text.includes('"stream":true')
}

function whole(): Response {
  return new Response(answerBytes, {
    headers: { 'content-type': 'application/json', 'request-id': 'req_bench' },
  })
}

function streamed(): Response {
  let at = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces[at++]
      if (piece === undefined) controller.close()
      else controller.enqueue(piece)
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'request-id': 'req_bench' } })
}
