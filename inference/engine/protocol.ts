/**
 * What the server's process and the model's process say to each other, checked on both sides.
 */
import * as z from 'zod'
import { RouterError } from '../../shared/errors.ts'
import { modelCardSchema } from '../../shared/model-card.ts'

const id = z.number()

const promptSchema = z.object({
  system: z.string().optional(),
  turns: z.array(z.object({ role: z.enum(['user', 'assistant']), text: z.string() })).readonly(),
})

const requestSchema = promptSchema.extend({
  maxTokens: z.number(),
  stopSequences: z.array(z.string()).readonly(),
  temperature: z.number().optional(),
  topP: z.number().optional(),
  topK: z.number().optional(),
  seed: z.number().optional(),
})

const modelSchema = z.object({
  info: z.object({
    name: z.string(),
    displayName: z.string(),
    kind: z.enum(['text-generation', 'text2text-generation']),
    dtype: z.string(),
    promptStyle: z.enum(['chat', 'plain']),
    contextLength: z.number(),
    card: z.optional(modelCardSchema),
    capabilities: z.array(z.string()).readonly(),
    sizeBytes: z.number(),
    license: z.string(),
    defaultTemperature: z.number(),
  }),
  folder: z.string(),
  files: z.array(z.string()).readonly(),
  modelFileName: z.string().optional(),
  memoryBytes: z.number(),
})

/** From the server to the model. */
export const commandSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('load'), model: modelSchema, threads: z.number() }),
  z.object({ type: z.literal('generate'), id, request: requestSchema }),
  z.object({ type: z.literal('count'), id, prompt: promptSchema }),
  z.object({ type: z.literal('abort'), id }),
  z.object({ type: z.literal('ping') }),
])
export type Command = z.input<typeof commandSchema>

const eventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), inputTokens: z.number() }),
  z.object({ type: z.literal('text'), text: z.string(), tokens: z.number(), logprob: z.number() }),
  z.object({
    type: z.literal('end'),
    stopReason: z.enum(['end_turn', 'max_tokens', 'stop_sequence']),
    stopSequence: z.string().nullable(),
    outputTokens: z.number(),
  }),
])

const failureSchema = z.object({
  code: z.enum(['unsupported', 'cancelled', 'configuration', 'unavailable', 'internal']),
  message: z.string(),
})

/** From the model to the server. */
export const reportSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), firstTokenMs: z.number(), tokensPerSecond: z.number() }),
  z.object({ type: z.literal('load_failed'), failure: failureSchema }),
  z.object({ type: z.literal('event'), id, event: eventSchema }),
  z.object({ type: z.literal('counted'), id, tokens: z.number() }),
  z.object({ type: z.literal('failed'), id, failure: failureSchema }),
  z.object({ type: z.literal('pong') }),
])
export type Report = z.input<typeof reportSchema>
export type Failure = z.infer<typeof failureSchema>

/** Returns what may cross the border of an error: never an unknown error's own text. */
export function toFailure(error: unknown): Failure {
  const known = RouterError.from(error)
  const code = failureSchema.shape.code.safeParse(known.code)
  if (code.success && code.data !== 'internal') return { code: code.data, message: known.message }
  return { code: 'internal', message: 'The local model failed while answering.' }
}
