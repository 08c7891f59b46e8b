/**
 * The endpoints that ask the model: an answer, whole or as a stream, and a count of tokens. Reads what the router tells in
 * headers beside the request.
 */
import type { Hono } from 'hono'
import { RouterError } from '../../shared/errors.ts'
import { collect } from '../../shared/events.ts'
import { parseMessagesRequest } from '../../shared/messages.ts'
import type { Serving } from '../engine/engine.ts'
import { handoverOf } from '../engine/handover/handover.ts'
import { type Verification, verificationOf } from '../engine/handover/verification.ts'
import { demandOf } from '../serving/demand.ts'
import { type RunSummary, startRun } from '../serving/message-run.ts'
import { type AppContext, type AppDeps, type AppEnvironment, readyEngine, writeLoad } from './context.ts'
import { openEventStream, PING_INTERVAL_MS } from './event-stream.ts'
import { toGenerateRequest, toPrompt } from './generate-request.ts'
import { readJsonBody } from './read-body.ts'
import { readTenant } from './tenant.ts'

/** Adds `/v1/messages` and `/v1/messages/count_tokens`. */
export function addMessageEndpoints(app: Hono<AppEnvironment>, deps: AppDeps): void {
  const { scheduler } = deps

  app.post('/v1/messages/count_tokens', async (c) => {
    const engine = readyEngine(deps)
    const tenant = readTenant(c)
    const deadlineMs = readDeadline(c)
    const body = await readJsonBody(c.req.raw)
    // The API's count takes no max_tokens; the schema of messages wants one.
    const request = parseMessagesRequest(isObject(body) ? { ...body, max_tokens: 1 } : body)
    const prompt = toPrompt(request, deps.limits(engine.info).maxInputTokens)
    const deadline = deadlineMs === undefined ? undefined : ({ ms: deadlineMs, due: 'first_token' } as const)
    // Tokenizing a long text holds up the model's process: it waits its turn like an answer.
    const demand = { tenant, promptTokens: 0, maxPromptTokens: 1, maxTokens: 0 }
    const slot = await scheduler.acquire(demand, c.req.raw.signal, deadline)
    try {
      return c.json({ input_tokens: await engine.countTokens(prompt) })
    } finally {
      slot.release(false)
    }
  })

  app.post('/v1/messages', async (c) => {
    const engine = readyEngine(deps)
    const tenant = readTenant(c)
    const deadlineMs = readDeadline(c)
    const serving = engine.serving()
    const judgeThreshold = readThreshold(c, 'x-judge-threshold')
    const handoverThreshold = readOwnThreshold(c, 'x-handover-threshold', handoverOf(serving))
    const verification = readVerification(c, serving)
    const limits = deps.limits(engine.info)
    // Whoever is turned away whatever it asks is told before anything is read: under load that is what takes the time. One that
    // is judged may still be declined instead.
    const isJudged = serving?.judge && judgeThreshold !== undefined && !deps.judgements.isFull()
    const deadline = deadlineMs === undefined ? undefined : ({ ms: deadlineMs, due: 'first_token' } as const)
    const refusal = isJudged ? undefined : scheduler.turnsAway(tenant, deadline)
    if (refusal !== undefined) throw refusal
    const request = parseMessagesRequest(await readJsonBody(c.req.raw))
    const asked = toGenerateRequest(request, limits)
    const disconnected = new AbortController()
    const requestId = c.get('requestId')
    const { maxInputTokens } = limits
    const run = {
      // What was computed of a prompt is kept for those who are told apart from nobody else's.
      request: {
        ...asked,
        logprobs: c.req.header('x-logprobs') === '1',
        cacheScope: tenant,
        judgeThreshold: serving?.judge ? judgeThreshold : undefined,
        handoverThreshold,
      },
      // What is held to a form is not as likely as what is written freely, and no measure was fitted on it.
      verification: asked.format === undefined ? verification : undefined,
      messageId: `msg_${deps.newId()}`,
      demand: demandOf(asked, { tenant, maxInputTokens, maxTokens: asked.maxTokens }),
      deadline:
        deadline && ({ ms: deadline.ms, due: request.stream ? 'first_token' : 'whole_answer' } as const),
      signal: AbortSignal.any([disconnected.signal, c.req.raw.signal]),
    }
    c.set('reported', true)
    const ids = { requestId, routerRequestId: routerIdOf(c.req.header('x-router-request-id')) }
    const onFinish = (summary: RunSummary) => reportRun(deps, ids, summary)
    const { judgements, now } = deps
    const { events, scores } = startRun({ engine, scheduler, judgements, maxInputTokens, now, onFinish }, run)
    const { judge, handover, verify } = await scores
    if (judge !== undefined) c.header('x-judge-score', judge.toFixed(4))
    if (handover !== undefined) c.header('x-handover-score', handover.toFixed(4))
    if (verify !== undefined) c.header('x-verify-score', verify.toFixed(4))
    if (!request.stream) {
      const message = await collect(events)
      writeLoad(c, scheduler)
      return c.json(message)
    }
    const pingIntervalMs = deps.pingIntervalMs ?? PING_INTERVAL_MS
    const stream = await openEventStream(events, {
      requestId,
      pingIntervalMs,
      onCancel: () => disconnected.abort(),
    })
    writeLoad(c, scheduler)
    c.header('content-type', 'text/event-stream; charset=utf-8')
    c.header('cache-control', 'no-cache, no-transform')
    c.header('x-accel-buffering', 'no')
    return c.body(stream)
  })
}

type RequestIds = { readonly requestId: string; readonly routerRequestId: string | undefined }

/** The router's own id of the request, so that both logs can be read together; anything else is not written. */
function routerIdOf(header: string | undefined): string | undefined {
  return header !== undefined && /^req_\w{1,64}$/.test(header) ? header : undefined
}

function reportRun(deps: AppDeps, ids: RequestIds, summary: RunSummary): void {
  deps.metrics.recordRun(summary)
  const { error, outcome, ...fields } = summary
  const cause = error === undefined ? undefined : describeUnknown(error)
  const text = outcome === 'ok' ? '[LocalLLM] Answered' : '[LocalLLM] Not answered'
  deps.log(text, { ...ids, outcome, ...fields, error: cause }, outcome === 'internal' ? 'error' : 'info')
}

/** Names an unknown error by its class: its text could hold anything. */
export function describeUnknown(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}

function readDeadline(c: AppContext): number | undefined {
  const value = c.req.header('x-deadline-ms')
  if (value === undefined) return undefined
  // Number('') is 0: a header that is there and empty would be a deadline that has passed.
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value)
  throw new RouterError('invalid_request', 'x-deadline-ms: must be a number of milliseconds, 0 or more')
}

function readThreshold(c: AppContext, header: string, otherwise = ''): number | undefined {
  const value = c.req.header(header)
  if (value === undefined) return undefined
  if (/^(0|1|[01]?\.\d+)$/.test(value) && Number(value) <= 1) return Number(value)
  throw new RouterError('invalid_request', `${header}: must be a number from 0 to 1${otherwise}`)
}

/**
 * Returns a threshold that a model may have of its own.
 * @param own what the model has; without it the header changes nothing
 */
function readOwnThreshold(
  c: AppContext,
  header: string,
  own: { readonly threshold: number } | undefined,
): number | undefined {
  if (c.req.header(header) === 'default') return own?.threshold
  const threshold = readThreshold(c, header, ', or default')
  return own && threshold
}

/** Returns how the whole answer is verified; undefined where that is not wanted, or the model's answers cannot be. */
function readVerification(c: AppContext, serving: Serving | undefined): Verification | undefined {
  const own = verificationOf(serving)
  const threshold = readOwnThreshold(c, 'x-verify-threshold', own)
  return own && threshold !== undefined ? { ...own, threshold } : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
