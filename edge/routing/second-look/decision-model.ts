/**
 * The two ways to a decision model, both with the questions and answers of `shared/decision-model.ts`: over HTTP, or as a
 * Workers AI binding. Knows the wire; not deadlines, and not what is asked.
 */
import * as z from 'zod/mini'
import { type DecisionRequest, decisionResponseSchema } from '../../../shared/decision-model.ts'
import { RouterError } from '../../../shared/errors.ts'
import { discardBody, type Fetch, fetchOrUnavailable } from '../../providers/provider.ts'

/** Returns whatever was answered. @throws {RouterError} where nothing was */
export type AskDecisionModel = (request: DecisionRequest, signal: AbortSignal) => Promise<unknown>

/** The part of Cloudflare's `Ai` that is used. */
export type WorkersAiBinding = {
  readonly run: (model: string, inputs: Record<string, unknown>) => Promise<unknown>
}

export type DecisionServer = {
  /** Without `/v1`. */
  readonly url: string
  readonly key: string | undefined
  /** The name of the model, for servers that have several. */
  readonly model: string | undefined
  readonly fetch: Fetch
}

/** Only the answers: what else there is, makers spell differently. */
const answersSchema = z.pick(decisionResponseSchema, { answers: true })

/** Returns the way to a server of `POST /v1/systemone`. */
export function createDecisionServer({ url, key, model, fetch }: DecisionServer): AskDecisionModel {
  return async (request, signal) => {
    const response = await fetchOrUnavailable(
      fetch,
      `${url}/v1/systemone`,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(key === undefined ? {} : { 'x-api-key': key, authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify(model === undefined ? request : { model, ...request }),
        signal,
      },
      'The second look',
    )
    if (response.ok) return response.json().catch(() => undefined)
    discardBody(response)
    throw new RouterError('upstream', `The second look answered with status ${response.status}.`)
  }
}

/** Returns the way to a model of Workers AI. */
export function createWorkersAiModel(binding: WorkersAiBinding, model: string): AskDecisionModel {
  return ({ state, questions }) => binding.run(model, { state, questions })
}

/**
 * Returns the probability of a yes to a question of type `noul`.
 * @throws {RouterError} `upstream` where the answer holds none
 */
export function readProbability(answer: unknown, question: string): number {
  const parsed = answersSchema.safeParse(answer)
  const found = parsed.success ? parsed.data.answers[question] : undefined
  if (found?.type === 'noul') return found.noul
  throw new RouterError('upstream', 'The second look did not answer the question.')
}
