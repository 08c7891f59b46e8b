import { expect, test } from 'vitest'
import { summaryLine } from '../../scripts/summary-reporter.ts'

test('counts passed and failed tests, and skipped ones where there are any', () => {
  expect(summaryLine(['passed', 'passed'], 0, 'passed')).toBe('2 passed, 0 failed')
  expect(summaryLine(['passed', 'failed', 'skipped', 'pending'], 0, 'failed')).toBe(
    '1 passed, 1 failed, 2 skipped',
  )
})

test('a file that cannot be loaded is a failure', () => {
  expect(summaryLine(['passed', 'failed'], 1, 'failed')).toBe('1 passed, 2 failed')
})

test('a run that did not pass never ends with 0 failed', () => {
  expect(summaryLine(['passed'], 0, 'interrupted')).toBe('1 passed, 1 failed')
})
