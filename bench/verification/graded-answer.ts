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
  /** Name and weights. */
  model: z.string(),
  /** Of the graph that answered; null where its weights stand in files of their own. */
  graphSha256: z.string().nullable(),
  /** Day of the exam, as 2026-11-30. */
  examined: z.string(),
  costs: costsSchema,
  answers: z.array(gradedAnswerSchema),
})
export type GradedAnswers = Readonly<z.infer<typeof gradedAnswersSchema>>

/**
 * Returns the answers in a file.
 * @param graphSha256 of the model that is measured
 * @throws {Error} that names the file, for one that holds no such answers, or those of other weights
 */
export function readGradedAnswers(path: string, graphSha256: string | null): GradedAnswers {
  const graded = parseFile(path)
  if (graded === undefined)
    throw new Error(`${path}: holds no answers of this command. Name another file, or remove it.`)
  if (graded.graphSha256 !== graphSha256)
    throw new Error(`${path}: holds answers of ${graded.model} with other weights than those of --model.`)
  return graded
}

function parseFile(path: string): GradedAnswers | undefined {
  try {
    return gradedAnswersSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data
  } catch {
    return undefined
  }
}

export function writeGradedAnswers(path: string, graded: GradedAnswers): void {
  writeFileSync(path, JSON.stringify(graded))
}
