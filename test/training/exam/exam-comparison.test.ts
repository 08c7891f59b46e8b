/** Reports of several models in one table. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { comparisonTable, type ExamReport, readExamReport } from '../../../training/exam/exam-comparison.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function report(model: string, passed: number, items = 20): ExamReport {
  const count = { items, passed }
  return {
    model,
    all: count,
    byTask: { simple_qa: count },
    byKind: { easy_fact: count, cannot_know: count },
  }
}

test('has a column for each report and each kind once, in the order of the tasks', () => {
  const rows = comparisonTable([report('stock', 5), report('tuned', 15)]).split('\n')
  expect(rows).toEqual([
    '| passed, % | items | stock | tuned |',
    expect.stringContaining('---'),
    '| cannot_know | 20 | 25.0 | 75.0 |',
    '| **simple_qa** | 20 | 25.0 | 75.0 |',
    '| easy_fact | 20 | 25.0 | 75.0 |',
    '| **all** | 20 | 25.0 | 75.0 |',
  ])
})

test('takes no reports on other items', () => {
  expect(() => comparisonTable([report('stock', 5), report('tuned', 5, 21)])).toThrow(
    'tuned was asked 21 items of cannot_know, not 20.',
  )
})

test('reads what the exam prints, and names a file that is something else', () => {
  const file = join(temporaryFolder(), 'report.json')
  writeFileSync(file, JSON.stringify({ ...report('stock', 5), failures: [] }))
  expect(readExamReport(file)).toEqual(report('stock', 5))
  writeFileSync(file, '{}')
  expect(() => readExamReport(file)).toThrow('report.json: cannot be read, or is no report')
})
