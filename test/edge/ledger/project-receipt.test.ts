/** The kept form of a receipt: valid whatever happened and whatever upstreams counted, and without content by itself. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIST_PRICES } from '../../../edge/ledger/prices.ts'
import { projectReceipt, tokensOf } from '../../../edge/ledger/project-receipt.ts'
import { createReceipt } from '../../../edge/ledger/receipt.ts'
import { receiptRecordSchema } from '../../../edge/ledger/receipt-record.ts'
import type { Strategy } from '../../../edge/strategy.ts'
import { claudeMessage } from '../../support/edge/messages.ts'
import { claude, done, local } from './support.ts'

test('tells all of a request that fell back', () => {
  const facts = {
    ...claude,
    user: 'anna',
    failures: [{ provider: 'local', cause: 'timeout' }] as const,
    failedAttempts: [
      { provider: 'local', cause: 'timeout', model: 'tiny-model', usage: {} },
      { provider: 'claude', cause: 'overloaded', model: 'claude-haiku-5-5', usage: { input_tokens: 10 } },
    ] as const,
    reasons: () => [{ kind: 'words', weight: 0.5, towards: 'complex' }] as const,
  }
  const message = claudeMessage({
    usage: {
      input_tokens: 1_000,
      output_tokens: 100,
      cache_read_input_tokens: 7,
      output_tokens_details: { thinking_tokens: 40 },
    },
  })
  const record = projectReceipt(createReceipt(facts, { ...done, message }, LIST_PRICES))
  expect(record).toEqual({
    id: 'req_1',
    tenant: 'alice',
    user: 'anna',
    startedAt: 0,
    surface: 'messages',
    requestedModel: 'auto',
    stream: false,
    strategy: 'hybrid',
    task: 'simple_chat',
    score: 0.123456,
    threshold: 0.2,
    judgeScore: null,
    handoverScore: null,
    verifyScore: null,
    evidence: [{ kind: 'words', weight: 0.5, towards: 'complex' }],
    reason: 'hybrid: complex task',
    guard: null,
    cache: 'miss',
    promptCache: null,
    attempts: [
      { provider: 'local', cause: 'timeout', costNanoUsd: 0 },
      { provider: 'claude', cause: 'overloaded', costNanoUsd: 1_000 },
    ],
    route: 'claude',
    model: 'claude-haiku-5-5',
    baselineModel: 'claude-haiku-5-5',
    fallback: 'timeout',
    budget: null,
    outcome: 'completed',
    errorCode: null,
    tokens: { input: 1_000, output: 100, cacheWrite: 0, cacheRead: 7, reasoning: 40 },
    costNanoUsd: 151_070,
    baselineNanoUsd: 150_070,
    savedNanoUsd: -1_000,
    latencyMs: 12,
    firstContentMs: 4,
  })
})

test('says null of what is not known', () => {
  const none = { ...local, route: undefined, model: undefined }
  const record = projectReceipt(
    createReceipt(
      none,
      { ...done, outcome: 'failed', message: undefined, errorCode: 'timeout' },
      LIST_PRICES,
    ),
  )
  expect(record).toMatchObject({ route: null, model: null, tokens: null, errorCode: 'timeout' })
  expect(record).not.toHaveProperty('content')
})

test('is a valid record whatever a server counts', () => {
  const number = fc.oneof(fc.double({ noNaN: true }), fc.integer(), fc.constant(null), fc.constant(undefined))
  fc.assert(
    fc.property(number, number, number, number, fc.anything(), (input, output, read, write, details) => {
      const tokens = tokensOf({
        input_tokens: input,
        output_tokens: output,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: write,
        output_tokens_details: details,
      })
      for (const count of [tokens.input, tokens.output, tokens.cacheRead, tokens.cacheWrite])
        expect(Number.isSafeInteger(count) && count >= 0).toBe(true)
    }),
  )
  const record = projectReceipt(createReceipt(claude, { ...done, message: claudeMessage() }, LIST_PRICES))
  expect(receiptRecordSchema.parse(record)).toEqual(record)
})

test('looks for evidence only where somebody was chosen by the score', () => {
  const ofStrategy = (strategy: Strategy, requestedModel: string) => {
    const facts = {
      ...claude,
      strategy,
      requestedModel,
      reasons: () => [{ kind: 'words', weight: 1, towards: 'complex' } as const],
    }
    return projectReceipt(createReceipt(facts, done, LIST_PRICES)).evidence.length
  }
  expect(ofStrategy('claude_only', 'claude-opus-5-5')).toBe(0)
  expect(ofStrategy('claude_only', 'auto')).toBe(1)
  expect(ofStrategy('hybrid', 'claude-opus-5-5')).toBe(1)
})
