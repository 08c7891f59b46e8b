/**
 * A Vitest reporter that ends a run with one line, `N passed, N failed`, which CI reads.
 */
import type { Reporter, TestModule } from 'vitest/node'

/** Counts a file that could not be loaded, and an error outside any test, as a failure each. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state !== 'pending') counts[state]++
      }
    }
    // After Vitest's own summary, which the default reporter prints at the same event.
    process.on('exit', () =>
      console.log(
        `${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`,
      ),
    )
  }
}
