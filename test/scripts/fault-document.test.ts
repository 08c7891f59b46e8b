/** What the names of tests say of faults, and what is wrong where list, tests and document differ. */
import { expect, test } from 'vitest'
import { faultProblems, renderFaults } from '../../scripts/faults/fault-document.ts'
import { readFaultTests } from '../../scripts/faults/fault-tests.ts'

test('names and cases of tables are found, other texts are not', () => {
  const text = `
    test('${number('1')} ${number('2')} it\\'s a name', () => {})
    const cases = [['${number('3')} a case', 1]]
    const hex = 'FF 12'; const other = 'see ${number('4')} there'`
  expect(readFaultTests(text, 'a.test.ts')).toEqual([
    { faults: [1, 2], name: "it\\'s a name", file: 'a.test.ts' },
    { faults: [3], name: 'a case', file: 'a.test.ts' },
  ])
})

test('a fault that nothing shows, a test of no fault and an old document are told', () => {
  const faults = [
    { fault: 'One', outcome: 'x' },
    { fault: 'Two', outcome: 'x' },
  ]
  const tests = [{ faults: [2, 9], name: 'x', file: 'test/x.test.ts' }]
  expect(faultProblems(faults, tests, renderFaults(faults, tests))).toEqual([
    `${number('1')} (One) has neither a test nor a reason.`,
    `A test is named ${number('9')}, which is no fault of the list.`,
  ])
  expect(faultProblems([], [], 'old')).toEqual(['docs/faults.md is not up to date: npm run format'])
})

test('a fault that can only be shown elsewhere says how', () => {
  const notHere = { reason: 'It takes hours.', command: 'npm run soak' }
  expect(faultProblems([{ fault: 'One', outcome: 'x', notHere }], [], '')).toHaveLength(1)
  expect(renderFaults([{ fault: 'One', outcome: 'x', notHere }], [])).toContain(
    '| It takes hours. | `npm run soak` |',
  )
})

/** In pieces, so that these texts are no tests of faults themselves. */
function number(text: string): string {
  return `F${text}`
}
