/**
 * Items of the exam of local models as files of JSON lines: their shape, read and checked. Asks no model.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { kindsOf } from '../../shared/exam-kinds.ts'
import { SIMPLE_TASKS } from '../../shared/tasks.ts'
import { type PlacedRow, parseRows } from '../json-rows.ts'

/** Folder of the project's own items. */
export const EXAM_FOLDER = import.meta.dirname

const text = z.string().min(1)
const texts = z.array(text).min(1)
const checkSchema = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('one_of'), values: texts }),
  z.strictObject({ is: z.literal('contains'), any: texts }),
  z.strictObject({ is: z.literal('contains_all'), values: texts }),
  z.strictObject({ is: z.literal('lacks'), values: texts }),
  z.strictObject({ is: z.literal('copied') }),
  z.strictObject({ is: z.literal('at_most_words'), words: z.int().positive() }),
  z.strictObject({ is: z.literal('at_most_sentences'), sentences: z.int().positive() }),
  z.strictObject({ is: z.literal('language'), language: z.string().regex(/^[a-z]{2}$/) }),
  z.strictObject({ is: z.literal('in_order'), values: texts.min(2) }),
  z.strictObject({ is: z.literal('hands_over') }),
  z.strictObject({ is: z.literal('json'), members: z.record(z.string(), z.json()) }),
])
/** What must hold of an answer. */
export type ExamCheck = Readonly<z.infer<typeof checkSchema>>

const itemSchema = z
  .strictObject({
    id: text,
    kind: text,
    task: z.enum(SIMPLE_TASKS),
    language: z.string().regex(/^[a-z]{2}$/),
    system: text.nullable(),
    messages: z.array(z.strictObject({ role: z.enum(['user', 'assistant']), content: text })).min(1),
    checks: z.array(checkSchema).min(1),
  })
  .refine(({ task, kind }) => kindsOf(task).includes(kind), {
    error: 'kind: is none of its task (shared/exam-kinds.ts)',
  })
  .refine(
    ({ messages }) =>
      messages.length % 2 === 1 &&
      messages.every(({ role }, at) => role === (at % 2 === 0 ? 'user' : 'assistant')),
    { error: 'messages: must alternate from the user to the user' },
  )
  .refine(
    ({ checks }) =>
      !checks.some(({ is }) => is === 'hands_over') || checks.some(({ is }) => is === 'contains'),
    { error: 'checks: hands_over needs "contains" beside it, for a model that says so instead' },
  )
export type ExamItem = Readonly<z.infer<typeof itemSchema>>

/**
 * Returns the items of all `.jsonl` files of a folder, in the order of their names.
 * @throws {Error} that names file and line of the first one that is malformed or whose id is taken
 */
export function readExamItems(folder: string): readonly ExamItem[] {
  const items = new Map<string, ExamItem>()
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  for (const name of files.toSorted())
    for (const { where, row } of parseExamItems(readFileSync(join(folder, name), 'utf8'), name)) {
      if (items.has(row.id)) throw new Error(`${where}: the id ${row.id} is taken.`)
      items.set(row.id, row)
    }
  return [...items.values()]
}

/**
 * Returns the items in a file's text.
 * @throws {Error} that names file and line of the first one that is malformed, and says what is wrong
 */
export function parseExamItems(text: string, file: string): readonly PlacedRow<ExamItem>[] {
  return parseRows(text, file, (value) => itemSchema.parse(value))
}
