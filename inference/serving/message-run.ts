/**
 * One answer from its place in the queue to its last event: takes a slot, lets the engine write, tells the events of a
 * Messages stream, gives the slot back, and reports how it went. Runs on by itself: a slow reader holds no slot.
 */
import { RouterError } from '../../shared/errors.ts'
import type { KnownEvent } from '../../shared/events.ts'
import { emptyUsage } from '../../shared/messages.ts'
import type { Engine, GenerateRequest } from '../engine/engine.ts'
import { type AsyncQueue, createAsyncQueue } from './async-queue.ts'
import type { Scheduler, Slot } from './scheduler.ts'

export type RunSummary = {
  readonly outcome: 'ok' | RouterError['code']
  readonly model: string
  readonly inputTokens: number
  readonly outputTokens: number
  readonly stopReason: string | undefined
  readonly queueMs: number
  readonly firstTokenMs: number | undefined
  readonly latencyMs: number
  /** Set where the failure was none that we know. */
  readonly error: unknown
}

export type RunDeps = {
  readonly engine: Engine
  readonly scheduler: Scheduler
  readonly maxInputTokens: number
  readonly now: () => number
  readonly onFinish: (summary: RunSummary) => void
}

export type RunRequest = {
  readonly request: GenerateRequest
  readonly messageId: string
  readonly deadlineMs: number | undefined
  readonly signal: AbortSignal
}

/**
 * Starts a run and returns its events at once; the iteration throws where the run fails.
 * @throws {RouterError} (from the iteration) what scheduler and engine throw, and `unsupported` for a long prompt
 */
export function startRun(deps: RunDeps, run: RunRequest): AsyncIterable<KnownEvent> {
  const events = createAsyncQueue<KnownEvent>()
  void conduct(deps, run, events)
  return events
}

async function conduct(deps: RunDeps, run: RunRequest, events: AsyncQueue<KnownEvent>): Promise<void> {
  const startedAt = deps.now()
  const told = { inputTokens: 0, outputTokens: 0, stopReason: undefined as string | undefined }
  let slot: Slot | undefined
  let admittedAt = startedAt
  let firstTokenMs: number | undefined
  let failure: unknown
  try {
    slot = await deps.scheduler.acquire(run.signal, run.deadlineMs)
    admittedAt = deps.now()
    for await (const event of deps.engine.generate(run.request, run.signal)) {
      if (event.type === 'start') {
        told.inputTokens = event.inputTokens
        checkLength(event.inputTokens, deps.maxInputTokens)
        for (const opening of openingEvents(run.messageId, deps.engine.info.name, event.inputTokens))
          events.push(opening)
      } else if (event.type === 'text') {
        // An answer without a word has no block: an empty one, sent back as history, is refused by Claude.
        if (firstTokenMs === undefined) events.push(BLOCK_START)
        firstTokenMs ??= deps.now() - startedAt
        told.outputTokens += event.tokens
        const logprob = run.request.logprobs && event.logprob !== undefined ? { logprob: event.logprob } : {}
        events.push({
          type: 'content_block_delta',
          index: 0,
          delta: { type: 'text_delta', text: event.text, ...logprob },
        })
      } else if (event.type === 'end') {
        told.outputTokens = event.outputTokens
        told.stopReason = event.stopReason
        if (firstTokenMs !== undefined) events.push({ type: 'content_block_stop', index: 0 })
        for (const closing of closingEvents(event.stopReason, event.stopSequence, told)) events.push(closing)
      }
    }
    if (told.stopReason === undefined)
      throw new RouterError('internal', 'The local model ended without saying why.')
  } catch (error) {
    failure = error
  }
  slot?.release(failure === undefined)
  const known = failure === undefined ? undefined : RouterError.from(failure)
  deps.onFinish({
    ...told,
    outcome: known?.code ?? 'ok',
    model: deps.engine.info.name,
    queueMs: Math.round(admittedAt - startedAt),
    firstTokenMs: firstTokenMs === undefined ? undefined : Math.round(firstTokenMs),
    latencyMs: Math.round(deps.now() - startedAt),
    error: failure instanceof RouterError ? undefined : failure,
  })
  if (known) events.fail(known)
  else events.end()
}

function checkLength(inputTokens: number, maxInputTokens: number): void {
  if (inputTokens <= maxInputTokens) return
  throw new RouterError(
    'unsupported',
    `The prompt has ${inputTokens} tokens; the local model takes at most ${maxInputTokens}. Shorten it, or ask Claude.`,
  )
}

const BLOCK_START: KnownEvent = {
  type: 'content_block_start',
  index: 0,
  content_block: { type: 'text', text: '' },
}

function openingEvents(id: string, model: string, inputTokens: number): readonly KnownEvent[] {
  const message = {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: emptyUsage(inputTokens, 0),
  } as const
  return [{ type: 'message_start', message: { ...message, content: [] } }, { type: 'ping' }]
}

function closingEvents(
  stopReason: string,
  stopSequence: string | null,
  { inputTokens, outputTokens }: { readonly inputTokens: number; readonly outputTokens: number },
): readonly KnownEvent[] {
  return [
    {
      type: 'message_delta',
      delta: { stop_reason: stopReason, stop_sequence: stopSequence },
      usage: emptyUsage(inputTokens, outputTokens),
    },
    { type: 'message_stop' },
  ]
}
