/**
 * Whether a tuned model may take another one's place: exam and held-out rows, before and after. Asks no model, writes nothing.
 */
import * as z from 'zod'

const measured = z.object({ loss: z.number(), right: z.number(), tokens: z.number() })
const heldOut = z.object({ project: z.optional(measured), added: z.optional(measured) })

/** What `training/tune/tune.py` writes beside the weights: mean loss of a token on rows that trained nothing. */
export const tuningSchema = z.object({ before: heldOut, after: heldOut })
export type Tuning = z.infer<typeof tuningSchema>

const counted = z.looseObject({ items: z.number(), passed: z.number() })
/** What `npm run exam -- --json` prints, as far as it is compared. */
export const examSchema = z.looseObject({ all: counted, byTask: z.record(z.string(), counted) })
export type ExamCounts = z.infer<typeof examSchema>

/** So much dearer the project's own rows may become: less is noise of the order of rows. */
const TOLERATED_LOSS = 1.01

/**
 * Returns what is worse after tuning, in words; an empty list where the new model is no worse.
 * Compared are the exam as a whole and by task, and the loss on held-out rows, the project's and those that were added.
 */
export function whatIsWorse(
  tuning: Tuning,
  exam: { readonly before: ExamCounts; readonly after: ExamCounts },
): readonly string[] {
  const worse: string[] = []
  const compare = (name: string, before: z.infer<typeof counted>, after: z.infer<typeof counted>) => {
    if (after.passed < before.passed)
      worse.push(`the exam's ${name}: ${after.passed} of ${after.items} items, ${before.passed} before`)
  }
  compare('total', exam.before.all, exam.after.all)
  for (const [task, before] of Object.entries(exam.before.byTask))
    compare(task, before, exam.after.byTask[task] ?? { items: before.items, passed: 0 })
  for (const [name, limit] of [
    ['project', TOLERATED_LOSS],
    ['added', 1],
  ] as const) {
    const before = tuning.before[name]?.loss
    const after = tuning.after[name]?.loss
    if (before !== undefined && after !== undefined && after > before * limit)
      worse.push(`held-out rows (${name}): loss ${after.toFixed(3)}, ${before.toFixed(3)} before`)
  }
  return worse
}
