/** What every provider of answers must keep to, whatever stands behind it. */
import { expect, test } from 'vitest'
import type { Answer, AnswerChunk, AttemptContext, Provider } from '../../edge/providers/provider.ts'
import type { RouterRequest } from '../../edge/request.ts'
import type { Target } from '../../edge/target.ts'
import { RouterError } from '../../shared/errors.ts'
import { createMessageFold } from '../../shared/events.ts'
import { routerRequest } from '../support/edge/requests.ts'
import { ask } from '../support/edge/router.ts'
import type { Responder } from '../support/edge/upstreams.ts'

export type ProviderContract = {
  readonly target: Target
  readonly create: () => Provider
  /** Sets what the provider's upstream answers. */
  readonly upstream: (responder: Responder) => void
  /** The text of the answer that the upstream gives unless it is told otherwise. */
  readonly text: string
  readonly failures: readonly (readonly [string, Responder])[]
}

const first: AttemptContext = {
  isFallback: false,
  isLast: false,
  onAttempt: () => {},
  onJudged: () => {},
  onWeighed: () => {},
  onFailedAttempt: () => {},
  onVerified: () => {},
}

/** Registers the tests of a provider. */
export function testProvider(name: string, contract: ProviderContract): void {
  const { target, text } = contract
  const open = (request: RouterRequest) => contract.create().open(request, target, first)

  test(`${name} gives a non-streaming answer where no stream is asked for`, async () => {
    const answer = await open(routerRequest(ask('Hello')))
    expect(answer).toMatchObject({ target, status: 200, body: { kind: 'non_streaming' } })
    expect(answer.body.kind === 'non_streaming' && answer.body.message?.content).toEqual([
      { type: 'text', text },
    ])
    expect(
      answer.body.kind === 'non_streaming' && JSON.parse(new TextDecoder().decode(answer.body.bytes)),
    ).toEqual(answer.body.kind === 'non_streaming' && answer.body.message)
  })

  test(`${name} gives a stream where one is asked for, whose bytes and events say the same`, async () => {
    const answer = await open(routerRequest(ask('Hello', { stream: true })))
    const fold = createMessageFold()
    let bytes = ''
    for (const chunk of await streamChunks(answer)) {
      for (const event of chunk.events) fold.add(event)
      bytes += new TextDecoder().decode(chunk.bytes)
    }
    expect(fold.finished() && fold.exact()).toBe(true)
    expect(fold.message()?.content).toEqual([{ type: 'text', text }])
    expect(bytes.match(/^event: message_stop$/gm)).toHaveLength(1)
    expect(bytes).toContain(text)
  })

  for (const [what, responder] of contract.failures)
    for (const stream of [false, true])
      test(`${name} throws an error that says nothing of its upstream when it ${what}${stream ? ' (stream)' : ''}`, async () => {
        contract.upstream(responder)
        const error = await open(routerRequest(ask('Hello', { stream }))).catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(RouterError)
        if (!(error instanceof RouterError)) return
        expect(error).toMatchObject({ tryNextTarget: true })
        expect(error.message).not.toMatch(/canary|127\.0\.0\.1|api\.anthropic\.com|fetch failed/)
      })

  test(`${name} gives up at once for a client that has disconnected`, async () => {
    const signal = AbortSignal.abort()
    const error = await open(routerRequest(ask('Hello'), { signal })).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'cancelled', tryNextTarget: false })
  })

  /** Opens a stream that begins; `isClosed` says whether its upstream was closed. */
  async function openEndless() {
    let upstream: AbortSignal | undefined
    const beginning = contract.create()
    contract.upstream((hit) => {
      upstream = hit.signal
      return new Response(
        `event: message_start\ndata: ${JSON.stringify(startOf(text))}\n\n${deltaOf(text)}`,
        { headers: { 'content-type': 'text/event-stream' } },
      )
    })
    const answer = await beginning.open(routerRequest(ask('Hello', { stream: true })), target, first)
    if (answer.body.kind !== 'stream') throw new Error('not a stream')
    return { iterator: answer.body.chunks[Symbol.asyncIterator](), isClosed: () => upstream?.aborted }
  }

  test(`${name} closes its upstream when nobody reads on`, async () => {
    const { iterator, isClosed } = await openEndless()
    await iterator.next()
    await iterator.return?.()
    expect(isClosed()).toBe(true)
  })

  test(`${name} closes its upstream when nobody reads at all`, async () => {
    const { iterator, isClosed } = await openEndless()
    await iterator.return?.()
    expect(isClosed()).toBe(true)
  })
}

async function streamChunks(answer: Answer) {
  if (answer.body.kind !== 'stream') throw new Error('not a stream')
  const chunks: AnswerChunk[] = []
  for await (const chunk of answer.body.chunks) chunks.push(chunk)
  return chunks
}

function startOf(text: string) {
  const usage = { input_tokens: 1, output_tokens: 0 }
  const message = { id: `msg_${text.length}`, type: 'message', role: 'assistant', model: 'm', content: [] }
  return { type: 'message_start', message: { ...message, stop_reason: null, stop_sequence: null, usage } }
}

function deltaOf(text: string): string {
  const start = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
  const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }
  return [start, delta].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}
