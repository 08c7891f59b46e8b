/**
 * The wire protocol of decision models, `POST /v1/systemone`: a state and typed questions about it go in, a probability for
 * each possible answer comes out. Stands once, for the router that asks such a model and the container that is one.
 * Source: the API of TypeSafe's Jev as llama.cpp, Ollama, vLLM and Cloudflare's Clef serve it, November 2026.
 */
import * as z from 'zod/mini'
import { RouterError } from './errors.ts'
import { describeIssue } from './messages.ts'

/** As its servers take it: JSON other than text is read as text. */
const contentSchema = z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())], {
  error: 'must be a string, an object or an array',
})
const described = z.nullish(contentSchema)
const MAX_QUESTIONS = 64

const questionSchema = z.discriminatedUnion(
  'type',
  [
    /** How likely is a yes? */
    z.looseObject({
      type: z.literal('noul'),
      instructions: z.optional(contentSchema),
      criteria: z.nullish(z.looseObject({ true: described, false: described })),
    }),
    /** Which of these labels? Each with a description, or null. */
    z.looseObject({
      type: z.literal('choice'),
      instructions: z.optional(contentSchema),
      criteria: z.record(z.string(), z.nullable(contentSchema), {
        error: 'must be an object of labels, each with a description or null',
      }),
    }),
    /** Where on this scale, whose levels are described from the lowest to the highest? */
    z.looseObject({
      type: z.literal('score'),
      instructions: z.optional(contentSchema),
      criteria: z.array(contentSchema, { error: 'must be an array of levels' }),
    }),
  ],
  { error: 'must be a question of type "noul", "choice" or "score"' },
)
export type DecisionQuestion = z.infer<typeof questionSchema>

const requestSchema = z.looseObject(
  {
    model: z.optional(z.string({ error: 'must be the name of a model' })),
    state: contentSchema,
    questions: z.record(z.string(), questionSchema, { error: 'must be an object of questions by name' }),
  },
  { error: 'The request body must be a JSON object.' },
)
export type DecisionRequest = z.infer<typeof requestSchema>

const probability = z.number().check(z.minimum(0), z.maximum(1))
const probabilities = z.record(z.string(), probability)
const answerSchema = z.discriminatedUnion('type', [
  /** The probability of a yes. */
  z.looseObject({ type: z.literal('noul'), noul: probability }),
  z.looseObject({
    type: z.literal('choice'),
    choice: z.string(),
    probabilities,
    /** 1 where one label has all of the probability, 0 where all have the same. */
    confidence: z.number(),
  }),
  /** The level that is to be expected, from 0. */
  z.looseObject({ type: z.literal('score'), score: z.number(), probabilities, confidence: z.number() }),
])
export type DecisionAnswer = z.infer<typeof answerSchema>

/** What a decision model answers, by the names of the questions. */
export const decisionResponseSchema = z.looseObject({
  model: z.string(),
  answers: z.record(z.string(), answerSchema),
  usage: z.optional(z.looseObject({ input_tokens: z.number(), output_tokens: z.number() })),
})
export type DecisionResponse = z.infer<typeof decisionResponseSchema>

/**
 * Checks a parsed body.
 * @throws {RouterError} `invalid_request` that names the first wrong field and says what it must be
 */
export function parseDecisionRequest(value: unknown): DecisionRequest {
  const result = requestSchema.safeParse(value)
  if (!result.success) throw new RouterError('invalid_request', describeIssue(result.error.issues[0]))
  const count = Object.keys(result.data.questions).length
  if (count >= 1 && count <= MAX_QUESTIONS) return result.data
  throw new RouterError('invalid_request', `questions: must be 1 to ${MAX_QUESTIONS}, not ${count}`)
}

/** How our container's judge is asked, and any other decision model that understands words: yes means complex. */
export const COMPLEX_QUESTION = 'complex'
