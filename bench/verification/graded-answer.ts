/**
 * An answer of the exam with all that might tell whether it is right: the shape, and how answers are kept in a file, so that
 * figures can be made again without the model. Asks no model.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import * as z from 'zod'

const score = z.number().nullable()
const gradedAnswerSchema = z.object({
  id: z.string(),
  kind: z.string(),
  task: z.string(),
  language: z.string(),
  /** By the exam's checks. */
  right: z.boolean(),
  /** Natural logs, of all tokens in turn and of the one that ended the turn. */
  logprobs: z.array(z.number()).min(1),
  /** Tokens of the answer. */
  tokens: z.number(),
  /** How probable it was that the model would only guess; null for a model that does not hand over. */
  handoverScore: score,
  /** How surely complex the request is; null where nothing judges. */
  judgeScore: score,
  /** Probability of yes against no, asked in the same conversation whether the answer is right. */
  askedAfter: score,
  /** The same, asked in a conversation of its own. */
  askedApart: score,
})
export type GradedAnswer = Readonly<z.infer<typeof gradedAnswerSchema>>

/** What it costs an answer to find out, CPU ms of one thread. */
const costsSchema = z.object({
  /** The answers themselves, log-probabilities included. */
  answer: z.number(),
  logprobs: z.number(),
  judge: z.number(),
  askedAfter: z.number(),
  askedApart: z.number(),
})
export type MeasureCosts = Readonly<z.infer<typeof costsSchema>>

const gradedAnswersSchema = z.object({
  /** Name, weights and day. */
  model: z.string(),
  examined: z.string(),
  costs: costsSchema,
  answers: z.array(gradedAnswerSchema),
})
export type GradedAnswers = Readonly<z.infer<typeof gradedAnswersSchema>>

/** @throws {Error} for a file that holds no such answers */
export function readGradedAnswers(path: string): GradedAnswers {
  return gradedAnswersSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
}

export function writeGradedAnswers(path: string, graded: GradedAnswers): void {
  writeFileSync(path, JSON.stringify(graded))
}
