/**
 * One answer from its place in the queue to its last event: takes a row, lets the engine write, tells the events of a
 * Messages stream, declines what is not good enough, gives the row back, and reports how it went. Runs on by itself: a slow
 * reader holds no row.
 */
import { RouterError } from '../../shared/errors.ts'
import type { KnownEvent } from '../../shared/events.ts'
import type { Engine, EngineEvent, GenerateRequest } from '../engine/engine.ts'
import { declineAnswerFrom, type Verification, verificationScore } from '../engine/handover/verification.ts'
import { declineFrom } from '../engine/judge/judge.ts'
import { type AsyncQueue, createAsyncQueue } from './async-queue.ts'
import { createHeldAnswer } from './held-answer.ts'
import type { Judgements } from './judgements.ts'
import { BLOCK_START, BLOCK_STOP, closingEvents, openingEvents, type Told } from './message-events.ts'
import type { Demand } from './progress.ts'
import type { Deadline, Scheduler, Slot } from './scheduler.ts'

export type RunSummary = {
  readonly outcome: 'ok' | RouterError['code']
  readonly model: string
  /** Of the prompt, without those that were read from the prefix cache. */
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
  readonly stopReason: string | undefined
  /** How surely complex the request was judged to be, 0 to 1; undefined where it was not judged. */
  readonly judgeScore: number | undefined
  /** How probable it was that the model would only guess, 0 to 1; undefined where that was not weighed. */
  readonly handoverScore: number | undefined
  /** How surely wrong the answer was found, 0 to 1; undefined where it was not verified. */
  readonly verifyScore: number | undefined
  /** From arrival to the judgement. */
  readonly judgeMs: number | undefined
  /** Undefined where the request never got a row. */
  readonly queueMs: number | undefined
  readonly firstTokenMs: number | undefined
  /** From one token to the next, on average; undefined for an answer of one token. */
  readonly msPerToken: number | undefined
  readonly latencyMs: number
  /** Set where the failure was none that we know. */
  readonly error: unknown
}

export type RunDeps = {
  readonly engine: Engine
  readonly scheduler: Scheduler
  readonly judgements: Judgements
  readonly maxInputTokens: number
  readonly now: () => number
  readonly onFinish: (summary: RunSummary) => void
}

export type RunRequest = {
  readonly request: GenerateRequest
  /** By what the whole answer is verified before a word of it is told; undefined: it is told as it comes. */
  readonly verification: Verification | undefined
  readonly messageId: string
  readonly demand: Demand
  readonly deadline: Deadline | undefined
  readonly signal: AbortSignal
}

export type Run = {
  readonly events: AsyncIterable<KnownEvent>
  /** Resolves when all scores are known that the request asks for, or the run has ended before. */
  readonly scores: Promise<Scores>
}

/** What was found before an answer is told, 0 to 1 each; absent where it was not asked for or not found. */
export type Scores = {
  /** How surely complex the request is. */
  readonly judge?: number
  /** How probable it is that the model would only guess. */
  readonly handover?: number
  /** How surely wrong the answer is. */
  readonly verify?: number
}

/**
 * Starts a run and returns it at once; the iteration of its events throws where the run fails.
 * @throws {RouterError} (from the iteration) what scheduler and engine throw, and `unsupported` for a long prompt
 */
export function startRun(deps: RunDeps, run: RunRequest): Run {
  const events = createAsyncQueue<KnownEvent>()
  const scores = Promise.withResolvers<Scores>()
  void conduct(deps, run, events, scores.resolve)
  return { events, scores: scores.promise }
}

async function conduct(
  deps: RunDeps,
  run: RunRequest,
  events: AsyncQueue<KnownEvent>,
  tellScores: (scores: Scores) => void,
): Promise<void> {
  const { engine, scheduler, now } = deps
  const { verification } = run
  const startedAt = now()
  let request: GenerateRequest = verification === undefined ? run.request : { ...run.request, logprobs: true }
  let scores: Scores = {}
  let judgedAt: number | undefined
  const answer = createHeldAnswer(verification !== undefined, events.push, () => tellScores(scores))
  const found = (more: Scores) => {
    scores = { ...scores, ...more }
    const isJudged = run.request.judgeThreshold === undefined || scores.judge !== undefined
    const isWeighed = run.request.handoverThreshold === undefined || scores.handover !== undefined
    if (isJudged && isWeighed && !answer.isHeld()) tellScores(scores)
  }
  const judged = (judge: number) => {
    judgedAt = now()
    found({ judge })
  }
  found({})
  const told: Told = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, stopReason: undefined }
  let slot: Slot | undefined
  let admittedAt: number | undefined
  let firstAt: number | undefined
  let lastAt = startedAt
  let failure: unknown
  try {
    if (request.judgeThreshold !== undefined && !scheduler.isFree(run.demand)) {
      // Who would wait for a row only to be declined is told so now.
      const judgement = await deps.judgements.judge(engine, request, run.signal)
      if (judgement) {
        judged(judgement.score)
        declineFrom(judgement.score, request.judgeThreshold)
        request = { ...request, judgeThreshold: undefined }
      }
    }
    const deadline = run.deadline && {
      ...run.deadline,
      ms: Math.max(0, run.deadline.ms - (now() - startedAt)),
    }
    slot = await scheduler.acquire(run.demand, run.signal, deadline)
    admittedAt = now()
    // Nothing is told of an answer that may yet be declined.
    const mayDecline = request.judgeThreshold !== undefined || request.handoverThreshold !== undefined
    const opensWith = mayDecline ? 'prefilled' : 'start'
    for await (const event of engine.generate(request, run.signal)) {
      note(slot, event)
      if (event.type === 'judged') judged(event.score)
      else if (event.type === 'weighed') found({ handover: event.score })
      else if (event.type === 'start') {
        checkLength(event.inputTokens, deps.maxInputTokens)
        told.cachedTokens = event.cachedTokens
        told.inputTokens = event.inputTokens - event.cachedTokens
      } else if (event.type === 'text') {
        // An answer without a word has no block: an empty one, sent back as history, is refused by Claude.
        if (firstAt === undefined) answer.push(BLOCK_START)
        lastAt = now()
        firstAt ??= lastAt
        told.outputTokens += event.tokens
        const logprob = run.request.logprobs && event.logprob !== undefined ? { logprob: event.logprob } : {}
        answer.push({
          type: 'content_block_delta',
          index: 0,
          delta: { type: 'text_delta', text: event.text, ...logprob },
        })
        answer.wrote(told.outputTokens)
      } else if (event.type === 'end') {
        told.outputTokens = event.outputTokens
        told.stopReason = event.stopReason
        if (verification && answer.isHeld()) {
          const verify = verificationScore(verification.measure, event.logprobs ?? [])
          scores = { ...scores, verify }
          declineAnswerFrom(verify, verification.threshold)
          tellScores(scores)
          answer.release()
        }
        if (firstAt !== undefined) answer.push(BLOCK_STOP)
        for (const closing of closingEvents(event.stopReason, event.stopSequence, told)) answer.push(closing)
      }
      if (event.type === opensWith)
        for (const opening of openingEvents(run.messageId, engine.info.name, told)) answer.push(opening)
    }
    if (told.stopReason === undefined)
      throw new RouterError('internal', 'The local model ended without saying why.')
  } catch (error) {
    failure = error
  }
  slot?.release(failure === undefined)
  tellScores(scores)
  const known = failure === undefined ? undefined : RouterError.from(failure)
  const moreTokens = told.outputTokens - 1
  deps.onFinish({
    ...told,
    outcome: known?.code ?? 'ok',
    model: engine.info.name,
    judgeScore: scores.judge,
    handoverScore: scores.handover,
    verifyScore: scores.verify,
    judgeMs: judgedAt === undefined ? undefined : Math.round(judgedAt - startedAt),
    queueMs: admittedAt === undefined ? undefined : Math.round(admittedAt - startedAt),
    firstTokenMs: firstAt === undefined ? undefined : Math.round(firstAt - startedAt),
    msPerToken:
      firstAt === undefined || moreTokens < 1
        ? undefined
        : Math.round((10 * (lastAt - firstAt)) / moreTokens) / 10,
    latencyMs: Math.round(now() - startedAt),
    error: failure instanceof RouterError ? undefined : failure,
  })
  if (known) events.fail(known)
  else events.end()
}

/** Tells the scheduler how far the answer has come. */
function note(slot: Slot, event: EngineEvent): void {
  if (event.type === 'start') slot.started(event.inputTokens, event.cachedTokens)
  else if (event.type === 'prefilled') slot.prefilled()
  else if (event.type === 'text') slot.wrote(event.tokens)
}

function checkLength(inputTokens: number, maxInputTokens: number): void {
  if (inputTokens <= maxInputTokens) return
  throw new RouterError(
    'unsupported',
    `The prompt has ${inputTokens} tokens; the local model takes at most ${maxInputTokens}. Shorten it, or ask Claude.`,
  )
}
