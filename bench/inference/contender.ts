/**
 * What every contender is to the benchmark, whatever runs the model: something that answers questions greedily, and a
 * process that is asked by messages. Measures nothing.
 */
import * as z from 'zod'

const turnSchema = z.object({ role: z.enum(['user', 'assistant']), text: z.string() })

/** A conversation, and the token ids that it is for the model: both, so that all contenders read the same. */
const questionSchema = z.object({ turns: z.array(turnSchema).readonly(), ids: z.array(z.int()).readonly() })
export type Question = z.infer<typeof questionSchema>

const answerSchema = z.object({ text: z.string(), tokens: z.int() })
export type Answer = z.infer<typeof answerSchema>

export type Contender = {
  /** Answers that are made at once. */
  readonly rows: number
  /** How it serves, where that is not known before. */
  readonly serving?: string
  /**
   * Answers greedily; may be called again before it is done.
   * @param onToken told of each token as it comes
   * @param signal ends the answer early; what there is of it is returned
   */
  readonly answer: (
    question: Question,
    maxTokens: number,
    onToken: () => void,
    signal: AbortSignal,
  ) => Promise<Answer>
}

/** Time that something took: of the process's threads together, and on the clock. */
const durationSchema = z.object({ cpuMs: z.number(), wallMs: z.number() })
export type Duration = z.infer<typeof durationSchema>

export const taskSchema = z.discriminatedUnion('type', [
  /** All the questions, at most `streams` at once. */
  z.object({
    type: z.literal('answers'),
    questions: z.array(questionSchema).readonly(),
    maxTokens: z.int(),
    streams: z.int(),
  }),
  /** One question, while those of `running` are being answered. */
  z.object({
    type: z.literal('arrival'),
    question: questionSchema,
    running: z.array(questionSchema).readonly(),
    maxTokens: z.int(),
  }),
])
export type Task = z.infer<typeof taskSchema>

export const answersSchema = z.object({ took: durationSchema, answers: z.array(answerSchema).readonly() })
export type Answers = z.infer<typeof answersSchema>

export const arrivalSchema = z.object({
  /** From its arrival to its first token. */
  firstToken: durationSchema,
  /** Between two tokens of one running answer, since the arrival; null where nothing ran. */
  longestStall: durationSchema.nullable(),
})
export type Arrival = z.infer<typeof arrivalSchema>

export const loadSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('loaded'), rows: z.int(), serving: z.string().optional() }),
  z.object({ type: z.literal('unavailable'), reason: z.string() }),
])
export type Load = z.infer<typeof loadSchema>
