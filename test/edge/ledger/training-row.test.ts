/** Rows for training: a label only where the feedback says one, and only of requests that were kept whole. */
import { expect, test } from 'vitest'
import { LIST_PRICES } from '../../../edge/ledger/prices.ts'
import { projectReceipt } from '../../../edge/ledger/project-receipt.ts'
import { createReceipt } from '../../../edge/ledger/receipt.ts'
import type { Feedback, KeptReceipt } from '../../../edge/ledger/receipt-record.ts'
import { trainingRow } from '../../../edge/ledger/training-row.ts'
import { claude, done, local } from './support.ts'

const content = { request: '{"model":"auto","messages":[{"role":"user","content":"Hello"}]}', answer: '[]' }
const kept = (route: 'local' | 'claude' | 'cache', feedback: Feedback | null): KeptReceipt => {
  const facts = route === 'claude' ? claude : { ...local, route }
  return { ...projectReceipt(createReceipt(facts, done, LIST_PRICES)), content, feedback }
}

const LABELS: readonly (readonly ['local' | 'claude' | 'cache', Feedback | null, string | undefined])[] = [
  ['local', 'good', 'simple'],
  ['local', 'bad', 'complex'],
  ['local', 'should_be_claude', 'complex'],
  ['claude', 'should_be_local', 'simple'],
  ['claude', 'good', undefined],
  ['claude', 'bad', undefined],
  ['cache', 'good', undefined],
  ['cache', 'should_be_claude', 'complex'],
  ['local', null, undefined],
]
test.each(LABELS)('an answer of %s that was found %s is a row of label %s', (route, feedback, label) => {
  expect(trainingRow(kept(route, feedback))?.label).toBe(label)
})

test('names the task only where it goes with the label', () => {
  expect(trainingRow(kept('local', 'good'))).toEqual({
    id: 'req_1',
    source: 'feedback simple_chat',
    label: 'simple',
    task: 'simple_chat',
    request: JSON.parse(content.request),
  })
  expect(trainingRow(kept('local', 'bad'))).not.toHaveProperty('task')
  const ofAnotherVersion = { ...kept('local', 'bad'), task: 'astrology' }
  expect(trainingRow(ofAnotherVersion)).toMatchObject({ label: 'complex', source: 'feedback astrology' })
  expect(trainingRow(ofAnotherVersion)).not.toHaveProperty('task')
})

test('is no row without the request, or of one that was cut', () => {
  const { content: _content, ...without } = kept('local', 'good')
  expect(trainingRow(without)).toBeUndefined()
  for (const request of ['{"model":"auto","mess…', '[]', 'null', ''])
    expect(trainingRow({ ...kept('local', 'good'), content: { request, answer: '' } })).toBeUndefined()
})
