/** A whole answer of the local model is told of when it has begun, long before it is open. */
import { expect, test } from 'vitest'
import { createLocalHealth } from '../../../../edge/providers/local/health.ts'
import { createLocalProvider } from '../../../../edge/providers/local/messages.ts'
import { localMessagesProtocol } from '../../../../edge/providers/local/messages-protocol.ts'
import { collectLog } from '../../../support/edge/log-collector.ts'
import { framesOf, framesToFirstContent, localMessage } from '../../../support/edge/messages.ts'
import { routerRequest } from '../../../support/edge/requests.ts'
import { CONTAINER_URL, container, networkFetch } from '../../../support/edge/upstreams.ts'

test('tells that there is content while the rest is still to come', async () => {
  const begun = Promise.withResolvers<void>()
  const beginning = framesToFirstContent(localMessage())
  container.answer(() => {
    const encoder = new TextEncoder()
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(encoder.encode(beginning.join('')))
        await begun.promise
        controller.enqueue(encoder.encode(framesOf(localMessage()).slice(beginning.length).join('')))
        controller.close()
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  })
  const common = {
    secret: undefined,
    protocol: localMessagesProtocol,
    fetch: networkFetch,
    log: collectLog,
    now: () => 0,
  }
  const waits = { refreshTimeoutMs: 60_000, longestWaitMs: 60_000, longestLastWaitMs: 60_000 }
  const provider = createLocalProvider({
    ...common,
    servers: [createLocalHealth({ ...common, ...waits, url: CONTAINER_URL })],
    deadlines: { headersMs: 60_000, firstContentMs: 60_000, idleMs: 60_000, totalMs: 60_000 },
    handover: undefined,
    verify: undefined,
  })
  const nothing = () => {}
  const answer = await provider.open(
    routerRequest(),
    { provider: 'local', model: 'tiny-model' },
    {
      isFallback: false,
      isLast: false,
      onAttempt: nothing,
      onJudged: nothing,
      onWeighed: nothing,
      onVerified: nothing,
      onFailedAttempt: nothing,
      onContent: begun.resolve,
    },
  )
  expect(answer.body).toMatchObject({ kind: 'non_streaming', message: localMessage() })
})
