/** The receipt: what an answer cost and saved, and that only complete answers are counted. */
import { expect, test } from 'vitest'
import { createReceipt, priceAnswer } from '../../../edge/ledger/receipt.ts'
import { claude, done, local, usage } from './support.ts'

test('saves what Claude would have cost, and nothing where Claude answered', () => {
  expect(priceAnswer(local, usage)).toEqual({ costUsd: 0, savedUsd: 0.00015 })
  expect(priceAnswer({ ...local, route: 'cache' }, usage)).toEqual({ costUsd: 0, savedUsd: 0.00015 })
  expect(priceAnswer(claude, usage)).toEqual({ costUsd: 0.00015, savedUsd: 0 })
  expect(priceAnswer({ ...claude, model: 'claude-9' }, usage)).toEqual({ costUsd: undefined, savedUsd: 0 })
  expect(priceAnswer({ ...local, baselineModel: 'claude-9' }, usage)).toEqual({
    costUsd: 0,
    savedUsd: undefined,
  })
})

test('counts what a local model had in its cache as text that Claude would have read', () => {
  const [first = 0, read = 0] = [usage.input_tokens ?? 0, 2]
  const cached = { ...usage, input_tokens: first - read, cache_read_input_tokens: read }
  expect(priceAnswer(local, cached)).toEqual(priceAnswer(local, usage))
  expect(priceAnswer({ ...local, route: 'cache' }, cached)).toEqual(priceAnswer(local, usage))
  const claudes = priceAnswer({ ...claude, route: 'cache' }, cached).savedUsd ?? 0
  expect(claudes).toBeLessThan(priceAnswer(local, usage).savedUsd ?? 0)
})

test('counts nothing for an answer that broke off, was refused or was left', () => {
  for (const outcome of ['broken', 'refused', 'failed', 'cancelled'] as const)
    expect(createReceipt(claude, { ...done, outcome })).toMatchObject({
      outcome,
      usage: undefined,
      costUsd: undefined,
      savedUsd: undefined,
    })
})

test('names the model that answered by its own word', () => {
  const receipt = createReceipt({ ...claude, model: 'auto' }, done)
  expect(receipt.model).toBe(done.message?.model)
})
