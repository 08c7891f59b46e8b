/** Rows for answers to be written: what went wrong locally, whole and only text, and never a word of Claude's. */
import { expect, test } from 'vitest'
import { answerCandidate } from '../../../edge/ledger/answer-candidate.ts'
import type { KeptReceipt } from '../../../edge/ledger/receipt-record.ts'
import { receiptRecord } from '../../support/edge/receipt-records.ts'

const request = JSON.stringify({
  model: 'auto',
  system: [{ type: 'text', text: 'Be brief.' }],
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Is it raining?' }] }],
})
const answer = JSON.stringify([{ type: 'text', text: 'Yes.' }])
const kept = (change: Partial<KeptReceipt>): KeptReceipt => ({
  ...receiptRecord(0),
  id: 'req_1',
  task: 'simple_qa',
  route: 'local',
  fallback: null,
  content: { request, answer },
  feedback: null,
  ...change,
})

test('a local answer that was found bad is a row with what was said', () => {
  expect(answerCandidate(kept({ feedback: 'bad' }))).toEqual({
    id: 'req_1',
    why: 'bad',
    task: 'simple_qa',
    system: 'Be brief.',
    messages: [{ role: 'user', content: 'Is it raining?' }],
    was: 'Yes.',
    answer: '',
  })
})

test('what the local model declined or failed at is a row without the words of whoever answered', () => {
  const row = answerCandidate(kept({ route: 'claude', fallback: 'low_confidence' }))
  expect(row).toMatchObject({ why: 'low_confidence', answer: '' })
  expect(row).not.toHaveProperty('was')
})

test('a request that was taken for complex names no task', () => {
  expect(
    answerCandidate(kept({ route: 'claude', fallback: 'judged_complex', task: 'other' })),
  ).not.toHaveProperty('task')
})

test('is a row that train-answers takes once it is answered: turns alternate, and a system prompt without text is none', () => {
  const user = (content: string) => ({ role: 'user', content })
  const said = {
    system: '',
    messages: [user('Hi'), user('there?'), { role: 'assistant', content: 'Yes.' }, user('Hm')],
  }
  expect(
    answerCandidate(kept({ feedback: 'bad', content: { request: JSON.stringify(said), answer } })),
  ).toMatchObject({
    system: null,
    messages: [user('Hi\n\nthere?'), { role: 'assistant', content: 'Yes.' }, user('Hm')],
  })
})

test.each([
  ['an answer that nobody complained of', { feedback: null }],
  ['a good answer', { feedback: 'good' as const }],
  ['an answer of Claude’s that was not the local model’s turn', { route: 'claude' as const }],
  ['a request that was not kept', { feedback: 'bad' as const, content: undefined }],
  [
    'a request that was cut',
    { feedback: 'bad' as const, content: { request: request.slice(0, 40), answer } },
  ],
  [
    'an answer that the client began',
    {
      feedback: 'bad' as const,
      content: {
        request: '{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hel"}]}',
        answer,
      },
    },
  ],
  [
    'a picture',
    {
      feedback: 'bad' as const,
      content: { request: '{"messages":[{"role":"user","content":[{"type":"image"}]}]}', answer },
    },
  ],
])('%s is no row', (_, change) => {
  expect(answerCandidate(kept(change))).toBeUndefined()
})
