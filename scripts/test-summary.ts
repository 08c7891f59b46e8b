/** Reads Vitest's JSON report into the one line that ends `npm test`. Pure; runs nothing. */
import * as z from 'zod/mini'

const reportSchema = z.looseObject({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.looseObject({ status: z.string(), assertionResults: z.array(z.looseObject({ status: z.string() })) }),
  ),
})

export type TestSummary = { readonly passed: number; readonly failed: number; readonly skipped: number }

/**
 * Counts what a run showed. A file that could not be loaded and a run that failed outside any test count as a failure
 * each: no failed run may end with "0 failed".
 * @param report the JSON reporter's file, undefined where Vitest ended before writing it
 * @param exitCode Vitest's own
 */
export function summarise(report: string | undefined, exitCode: number): TestSummary {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 }
  const parsed = reportSchema.parse(JSON.parse(report))
  const brokenFiles = parsed.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length
  const failed = parsed.numFailedTests + brokenFiles
  return {
    passed: parsed.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: parsed.numPendingTests + parsed.numTodoTests,
  }
}

/** Returns `N passed, N failed`, with `, N skipped` where any were. */
export function summaryLine({ passed, failed, skipped }: TestSummary): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
