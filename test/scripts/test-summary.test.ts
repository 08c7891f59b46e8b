import { expect, test } from 'vitest'
import { summarise, summaryLine } from '../../scripts/test-summary.ts'

test('counts passed, failed and skipped tests', () => {
  const report = {
    numPassedTests: 5,
    numFailedTests: 1,
    numPendingTests: 1,
    numTodoTests: 1,
    testResults: [],
  }
  expect(summarise(JSON.stringify(report), 1)).toEqual({ passed: 5, failed: 1, skipped: 2 })
})

test('a file that cannot be loaded is a failure', () => {
  const broken = { status: 'failed', assertionResults: [] }
  const failing = { status: 'failed', assertionResults: [{ status: 'failed' }] }
  expect(summarise(report({ numFailedTests: 1, testResults: [broken, failing] }), 1).failed).toBe(2)
})

test('a run that fails outside any test never ends with 0 failed', () => {
  expect(summarise(report({}), 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  expect(summarise(undefined, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

test('names skipped tests only where there are any', () => {
  expect(summaryLine({ passed: 2, failed: 0, skipped: 0 })).toBe('2 passed, 0 failed')
  expect(summaryLine({ passed: 2, failed: 1, skipped: 3 })).toBe('2 passed, 1 failed, 3 skipped')
})

function report(changes: object): string {
  const base = { numPassedTests: 1, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }
  return JSON.stringify({ ...base, ...changes })
}
