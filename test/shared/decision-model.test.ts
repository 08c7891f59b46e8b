import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decisionResponseSchema, parseDecisionRequest } from '../../shared/decision-model.ts'
import { RouterError } from '../../shared/errors.ts'

const questions = {
  urgent: { type: 'noul', instructions: 'Is it urgent?', criteria: { true: 'soon', false: null } },
  team: { type: 'choice', instructions: 'Who?', criteria: { billing: 'payments', technical: null } },
  impact: { type: 'score', instructions: { how: 'bad' }, criteria: ['none', 'all'] },
}

test('takes every kind of question about a text, an object or a list', () => {
  for (const state of ['a text', { ticket: 7 }, ['a', 'b']]) {
    const body = { model: 'jev-latest', state, questions, session_id: 'kept' }
    expect(parseDecisionRequest(body)).toEqual(body)
  }
  expect(parseDecisionRequest({ state: '', questions: { a: { type: 'noul' } } })).toBeDefined()
})

test('names the field that is wrong and says what it must be', () => {
  const cases: [unknown, RegExp][] = [
    [[], /must be a JSON object/],
    [{ questions }, /^state: must be a string, an object or an array/],
    [{ state: 7, questions }, /^state: /],
    [{ state: 'a' }, /^questions: must be an object/],
    [{ state: 'a', questions: {} }, /^questions: must be 1 to 64, not 0/],
    [{ state: 'a', questions: { x: { type: 'box' } } }, /^questions\.x.*"noul", "choice" or "score"/],
    [
      { state: 'a', questions: { x: { type: 'choice' } } },
      /^questions\.x\.criteria: must be an object of labels/,
    ],
  ]
  for (const [body, message] of cases)
    expect(() => parseDecisionRequest(body)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(message) }),
    )
})

test('refuses anything else as the client’s mistake, never as ours', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      try {
        parseDecisionRequest(body)
      } catch (error) {
        expect(error).toBeInstanceOf(RouterError)
        expect(error).toMatchObject({ code: 'invalid_request' })
      }
    }),
  )
})

test('reads answers with what a server adds, and refuses what is no probability', () => {
  const answer = {
    id: 'req_1',
    model: 'jev-1.13.0',
    answers: {
      urgent: { type: 'noul', noul: 0.95 },
      team: {
        type: 'choice',
        choice: 'billing',
        confidence: 0.76,
        probabilities: { billing: 0.88, technical: 0.12 },
      },
      impact: {
        type: 'score',
        score: 0.9,
        confidence: 0.8,
        legend: {},
        probabilities: { '0': 0.1, '1': 0.9 },
      },
    },
    usage: { input_tokens: 318, output_tokens: 0, cost: 0 },
  }
  expect(decisionResponseSchema.parse(answer)).toEqual(answer)
  const wrong = { model: 'm', answers: { urgent: { type: 'noul', noul: 1.2 } } }
  expect(decisionResponseSchema.safeParse(wrong).success).toBe(false)
})
