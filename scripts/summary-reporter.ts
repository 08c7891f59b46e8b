/** A Vitest reporter that ends a run with one line, `N passed, N failed`. Counts; judges nothing. */
import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    const states = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => test.result().state),
    )
    console.log(
      summaryLine(
        states,
        modules.filter((module) => module.errors().length > 0).length + errors.length,
        reason,
      ),
    )
  }
}

/**
 * Returns the line, with `, N skipped` where any were.
 * @param states of the tests, as Vitest calls them
 * @param broken files that could not be loaded and errors outside any test: a failure each
 */
export function summaryLine(states: readonly string[], broken: number, reason: TestRunEndReason): string {
  const count = (state: string) => states.filter((one) => one === state).length
  const failures = count('failed') + broken
  // No run that did not pass may end with "0 failed".
  const failed = reason === 'passed' ? failures : Math.max(1, failures)
  const skipped = count('skipped') + count('pending')
  return `${count('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
