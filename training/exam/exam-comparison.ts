/**
 * Several models beside each other: the reports that `npm run exam -- --json` prints, as one table of what each passed by kind.
 * Asks no model.
 */
import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { markdownTable, percent } from '../../bench/markdown-table.ts'
import { kindsOf } from '../../shared/exam-kinds.ts'
import { SIMPLE_TASKS } from '../../shared/tasks.ts'

const counted = z.object({ items: z.int().positive(), passed: z.int() })
const reportSchema = z.object({
  /** Name, weights and day, for people. */
  model: z.string(),
  all: counted,
  byTask: z.record(z.string(), counted),
  byKind: z.record(z.string(), counted),
})
export type ExamReport = Readonly<z.infer<typeof reportSchema>>

/** @throws {Error} that names the file, for one that is no such report */
export function readExamReport(file: string): ExamReport {
  try {
    return reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    throw new Error(`${file}: cannot be read, or is no report of npm run -s exam -- --json.`, { cause })
  }
}

/**
 * Returns the table, a column for each report: what it passed, in per cent. A kind of two tasks stands at the first.
 * @throws {Error} for a report on other items than the first one's
 */
export function comparisonTable(reports: readonly ExamReport[]): string {
  const [first] = reports
  if (first === undefined) throw new RangeError('comparisonTable needs a report')
  const row = (name: string, countOf: (report: ExamReport) => z.infer<typeof counted> | undefined) => {
    const items = countOf(first)?.items
    if (items === undefined) return []
    const shares = reports.map((report) => {
      const count = countOf(report)
      if (count?.items !== items)
        throw new Error(`${report.model} was asked ${count?.items ?? 0} items of ${name}, not ${items}.`)
      return percent(count.passed / items)
    })
    return [[name, String(items), ...shares]]
  }
  const kinds = new Set<string>()
  const rows = SIMPLE_TASKS.flatMap((task) => {
    const own = kindsOf(task).filter((kind) => !kinds.has(kind))
    for (const kind of own) kinds.add(kind)
    return [
      ...row(`**${task}**`, ({ byTask }) => byTask[task]),
      ...own.flatMap((kind) => row(kind, ({ byKind }) => byKind[kind])),
    ]
  })
  return markdownTable(
    ['passed, %', 'items', ...reports.map(({ model }) => model)],
    [...rows, ...row('**all**', ({ all }) => all)],
  )
}
