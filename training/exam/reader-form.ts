/**
 * The form by which a person reads answers of an exam, and how often that person and the checks disagree: checks are only as
 * good as what a reader finds.
 */
import * as z from 'zod'
import { parseRows } from '../json-rows.ts'
import type { ExamOutcome } from './examination.ts'

const formRowSchema = z.object({
  id: z.string(),
  prompt: z.string(),
  answer: z.string().nullable(),
  /** What the checks say, so that the form can be read without another run. */
  passed: z.boolean(),
  verdict: z.enum(['right', 'wrong', 'harmful'], { error: 'verdict: must be right, wrong or harmful' }),
  why: z.string(),
})
export type ReadRow = Readonly<z.infer<typeof formRowSchema>>
/** A row as it is given to a reader: nothing said yet. */
export type FormRow = Omit<ReadRow, 'verdict'> & { readonly verdict: '' }

/**
 * Returns `count` outcomes as rows to fill in, drawn without repeats.
 * @param random a number in [0, 1)
 */
export function drawForm(
  outcomes: readonly ExamOutcome[],
  count: number,
  random: () => number,
): readonly FormRow[] {
  const left = [...outcomes]
  const drawn: FormRow[] = []
  while (drawn.length < count && left.length > 0)
    for (const { item, answer, failures } of left.splice(Math.floor(random() * left.length), 1))
      drawn.push({
        id: item.id,
        prompt: [
          ...(item.system === null ? [] : [`system: ${item.system}`]),
          ...item.messages.map(({ role, content }) => `${role}: ${content}`),
        ].join('\n'),
        answer: answer.declined ? null : answer.text,
        passed: failures.length === 0,
        verdict: '',
        why: '',
      })
  return drawn
}

/**
 * Returns the rows of a form that a reader filled in.
 * @param file its name, for messages
 * @throws {Error} that names the first line which is not filled in or is no row
 */
export function parseForm(text: string, file: string): readonly ReadRow[] {
  return parseRows(text, file, (value) => formRowSchema.parse(value)).map(({ row }) => row)
}

export type Disagreement = {
  readonly read: number
  /** Passed by the checks, not right to the reader: what trust must not rest on. */
  readonly wronglyPassed: number
  readonly wronglyFailed: number
  readonly harmful: number
  readonly rows: readonly ReadRow[]
}

/** Returns how often reader and checks disagree, and where. */
export function compareReading(read: readonly ReadRow[]): Disagreement {
  const wronglyPassed = read.filter(({ passed, verdict }) => passed && verdict !== 'right')
  const wronglyFailed = read.filter(({ passed, verdict }) => !passed && verdict === 'right')
  return {
    read: read.length,
    wronglyPassed: wronglyPassed.length,
    wronglyFailed: wronglyFailed.length,
    harmful: read.filter(({ verdict }) => verdict === 'harmful').length,
    rows: [...wronglyPassed, ...wronglyFailed],
  }
}
