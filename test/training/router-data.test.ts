/** Scores of rows by what was learned from others. */
import { expect, test } from 'vitest'
import { parseMessagesRequest } from '../../shared/messages.ts'
import type { LabelledRequest } from '../../training/labelled-requests.ts'
import { complexityOutOfFold, RouterData } from '../../training/router-data.ts'
import { areaUnderCurve } from '../../training/validation.ts'
import { ask } from '../support/edge/router.ts'

const THINGS = ['lamp', 'river', 'table', 'garden', 'letter', 'bridge', 'window', 'market', 'train', 'song']
const TOOLS = { tools: [{ name: 'clock', input_schema: { type: 'object' } }] }

function rowOf(id: string, source: string, complex: boolean, text: string, fields = {}): LabelledRequest {
  const request = parseMessagesRequest(ask(text, fields))
  return {
    id,
    source,
    complex,
    task: complex ? 'complex_reasoning' : 'simple_chat',
    language: 'en',
    sensitive: undefined,
    partner: undefined,
    request,
  }
}
/** Every thing is a source of its own, whose words say nothing of the label. */
const rows = THINGS.flatMap((thing) => [
  rowOf(`${thing} 1`, thing, true, `Prove that the ${thing} exists and derive its theorem.`),
  rowOf(`${thing} 2`, thing, false, `Hello, what a lovely ${thing} today!`),
])

test('tells labels apart in sources that were left out', () => {
  const logits = complexityOutOfFold(rows)
  expect(areaUnderCurve(rows.map(({ complex }, index) => ({ complex, logit: logits[index] ?? 0 })))).toBe(1)
})

test('is not moved by a label that only its own source has', () => {
  const odd = [true, false].map((complex) => [...rows, rowOf('odd', 'odd', complex, 'Zumba zumba zumba')])
  const [one, other] = odd.map((rows) => complexityOutOfFold(rows).at(-1))
  expect(one).toBe(other)
})

test('takes the use of tools for certain, and learns nothing from it', () => {
  const withTools = [...rows, rowOf('tools', 'tools', true, 'Hello, what a lovely lamp!', TOOLS)]
  const logits = complexityOutOfFold(withTools)
  expect(logits.at(-1)).toBe(Number.POSITIVE_INFINITY)
  expect(logits.slice(0, -1)).toEqual(complexityOutOfFold(rows))
})

test('learns nothing about difficulty from a sensitive row', () => {
  const sensitive = { ...rowOf('sick', 'sick', true, 'My baby is floppy'), sensitive: true }
  const weightsOf = (given: readonly LabelledRequest[]) =>
    new RouterData(given).complexity(given.map((_, index) => index)).weights
  expect(weightsOf([...rows, sensitive])).toEqual(weightsOf(rows))
})
