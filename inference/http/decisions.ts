/**
 * `POST /v1/systemone`: the judge as a decision model among others. It answers one question, how surely a request is complex,
 * in the ways in which the protocol can ask it; any other question is refused rather than answered by chance.
 */
import type { Hono } from 'hono'
import {
  COMPLEX_QUESTION,
  type DecisionAnswer,
  type DecisionQuestion,
  type DecisionRequest,
  type DecisionResponse,
  parseDecisionRequest,
} from '../../shared/decision-model.ts'
import { RouterError } from '../../shared/errors.ts'
import { parseMessagesRequest } from '../../shared/messages.ts'
import type { Prompt } from '../engine/engine.ts'
import { type AppDeps, type AppEnvironment, readyEngine, writeLoad } from './context.ts'
import { toPrompt } from './generate-request.ts'
import { readJsonBody } from './read-body.ts'
import { readTenant } from './tenant.ts'

/** The pairs of labels between which a judge can choose; the second one is for complex requests. */
const ROUTES = [
  ['simple', 'complex'],
  ['local', 'claude'],
] as const

const POSSIBLE = `The judge answers how surely a request is complex: a question of type "noul" that is named "${COMPLEX_QUESTION}", or of type "choice" between ${ROUTES.map((labels) => labels.map((label) => `"${label}"`).join(' and ')).join(', or ')}.`
const BUSY_MS = 1_000

/** Adds `/v1/systemone`. */
export function addDecisionEndpoint(app: Hono<AppEnvironment>, deps: AppDeps): void {
  app.post('/v1/systemone', async (c) => {
    const startedAt = deps.now()
    const engine = readyEngine(deps)
    const judge = engine.serving()?.judge
    if (!judge) throw new RouterError('unsupported', 'This container has no judge (JUDGE_MODEL).')
    const cacheScope = readTenant(c)
    const request = parseDecisionRequest(await readJsonBody(c.req.raw))
    for (const [name, question] of Object.entries(request.questions))
      if (answerOf(name, question, 0) === undefined)
        throw new RouterError('invalid_request', `questions.${name}: cannot be answered here. ${POSSIBLE}`)
    const prompt = promptOf(request.state, deps.limits(engine.info).maxInputTokens)
    const judgement = await deps.judgements.judge(engine, { ...prompt, cacheScope }, c.req.raw.signal)
    if (!judgement)
      throw new RouterError('overloaded', 'The judge is busy. Try again later.', {
        status: 429,
        retryAfterMs: BUSY_MS,
      })
    deps.metrics.recordJudgement(deps.now() - startedAt)
    const answers: Record<string, DecisionAnswer> = {}
    for (const [name, question] of Object.entries(request.questions)) {
      const answer = answerOf(name, question, judgement.score)
      if (answer) answers[name] = answer
    }
    writeLoad(c, deps.scheduler)
    const usage = { input_tokens: judgement.tokens, output_tokens: 0 }
    return c.json({ model: judge.model, answers, usage } satisfies DecisionResponse)
  })
}

/** Returns the answer, or undefined for a question that is not the judge's. */
function answerOf(name: string, question: DecisionQuestion, score: number): DecisionAnswer | undefined {
  if (question.type === 'noul') return name === COMPLEX_QUESTION ? { type: 'noul', noul: score } : undefined
  if (question.type !== 'choice') return undefined
  const labels = Object.keys(question.criteria)
  const route = ROUTES.find(
    (pair) => labels.length === pair.length && pair.every((label) => labels.includes(label)),
  )
  if (!route) return undefined
  const [simple, complex] = route
  return {
    type: 'choice',
    choice: score >= 0.5 ? complex : simple,
    probabilities: { [simple]: 1 - score, [complex]: score },
    confidence: Math.abs(2 * score - 1),
  }
}

/**
 * A text is one question of a user; a conversation is an object with `messages`, and `system` if there is one, or the list of
 * its messages.
 */
function promptOf(state: DecisionRequest['state'], maxInputTokens: number): Prompt {
  if (typeof state === 'string')
    return toPrompt({ messages: [{ role: 'user', content: state }] }, maxInputTokens)
  const conversation = Array.isArray(state) ? { messages: state } : state
  if (!('messages' in conversation))
    throw new RouterError(
      'invalid_request',
      'state: must be the text of a request, an object with "messages" as in the Messages API, or an array of messages',
    )
  // The schema of a request wants what only an answer needs.
  return toPrompt(parseMessagesRequest({ ...conversation, model: 'auto', max_tokens: 1 }), maxInputTokens)
}
