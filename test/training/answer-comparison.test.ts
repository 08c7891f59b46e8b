/** When a tuned model may take another one's place. */
import { expect, test } from 'vitest'
import { whatIsWorse } from '../../training/answer-comparison.ts'

const exam = (chat: number, labels: number) => ({
  all: { items: 40, passed: chat + labels },
  byTask: { simple_chat: { items: 20, passed: chat }, classification: { items: 20, passed: labels } },
})
const loss = (project: number, added: number) => ({
  project: { loss: project, right: 0.5, tokens: 100 },
  added: { loss: added, right: 0.5, tokens: 10 },
})
const same = { before: exam(10, 10), after: exam(10, 10) }

test('nothing is worse where exam and held-out rows are as good', () => {
  expect(whatIsWorse({ before: loss(2, 3), after: loss(2.01, 2.9) }, same)).toEqual([])
})

test('a task that passes fewer items is worse, though another one makes up for it', () => {
  const tuning = { before: loss(2, 3), after: loss(2, 3) }
  expect(whatIsWorse(tuning, { before: exam(10, 10), after: exam(9, 15) })).toEqual([
    "the exam's simple_chat: 9 of 20 items, 10 before",
  ])
})

test('rows that were added and not learned are worse, and so are rows that were forgotten', () => {
  expect(whatIsWorse({ before: loss(2, 3), after: loss(2.5, 3.1) }, same)).toEqual([
    'held-out rows (project): loss 2.500, 2.000 before',
    'held-out rows (added): loss 3.100, 3.000 before',
  ])
})

test('without rows that were held out only the exam decides', () => {
  expect(whatIsWorse({ before: {}, after: {} }, same)).toEqual([])
})
