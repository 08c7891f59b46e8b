/**
 * The rows that the local model's answers are tuned on, as files of JSON lines: read and checked. The tuning itself is
 * Python's, in training/tune.
 */
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { SIMPLE_TASKS } from '../shared/tasks.ts'
import { type PlacedRow, parseRows } from './json-rows.ts'

const message = z.strictObject({ role: z.enum(['user', 'assistant']), content: z.string().min(1) })
const answerRow = z.strictObject({
  id: z.string().min(1),
  /** What kind of request it is, as the exam names kinds. */
  kind: z.string().optional(),
  task: z.enum(SIMPLE_TASKS),
  lang: z
    .string()
    .regex(/^[a-z]{2,3}$/)
    .optional(),
  system: z.string().min(1).nullable(),
  messages: z
    .array(message)
    .min(1)
    .refine(
      (messages) =>
        messages.toReversed().every(({ role }, at) => role === (at % 2 === 0 ? 'user' : 'assistant')),
      'roles must take turns and end with the user',
    ),
  answer: z.string().min(1, 'write the answer').max(500),
  /** Of rows that come from a running router: why the request is here, and what the local model had said. */
  why: z.string().optional(),
  was: z.string().optional(),
  /** The answer stands word for word in the messages. */
  copy: z.literal(true).optional(),
  /** The model hands over; the answer is for those who have nobody to hand over to. */
  handover: z.literal(true).optional(),
  /** Of summaries: what must not be swapped. */
  swap: z.string().optional(),
})

export type AnswerRow = z.infer<typeof answerRow>

/**
 * Returns the rows of several files, with their places.
 * @throws {Error} that names file and line of the first row that is malformed, or has another one's id
 */
export function readAnswerFiles(files: readonly string[]): readonly PlacedRow<AnswerRow>[] {
  return withOwnIds(
    files.flatMap((file) => parseRows(readFileSync(file, 'utf8'), file, (value) => answerRow.parse(value))),
  )
}

function withOwnIds(placed: readonly PlacedRow<AnswerRow>[]): readonly PlacedRow<AnswerRow>[] {
  const places = new Map<string, string>()
  for (const { where, row } of placed) {
    const other = places.get(row.id)
    if (other !== undefined)
      throw new Error(`${where}: the id ${row.id} is taken by ${other}. Give it another one.`)
    places.set(row.id, where)
  }
  return placed
}
