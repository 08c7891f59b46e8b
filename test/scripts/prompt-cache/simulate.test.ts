/** The router's decisions over traffic: no pattern loses more than two percent, and what can be saved mostly is. */
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../inference/engine/text/sampler.ts'
import { parseReceiptRow } from '../../../scripts/prompt-cache/receipt-row.ts'
import { simulate } from '../../../scripts/prompt-cache/simulate.ts'
import { percent, renderTable, worstSaving } from '../../../scripts/prompt-cache/table.ts'
import { PATTERNS } from '../../../scripts/prompt-cache/traffic.ts'
import { receiptRecord } from '../../support/edge/receipt-records.ts'

describe.each(PATTERNS)('$name', ({ make }) => {
  test('loses at most two percent, whatever chance does', () => {
    const runs = [11, 12, 13].map((seed) => simulate(make(seededRandom(seed))))
    expect(worstSaving(runs)).toBeGreaterThan(-0.02)
  })
})

test('the table has a row for each kind of traffic', () => {
  const run = {
    requests: 2,
    marked: 1,
    written: 10,
    read: 0,
    plain: 200,
    automatic: 150,
    alwaysConversation: 250,
    alwaysBoth: 160,
  }
  expect(
    renderTable([{ name: 'bot', runs: [run] }])
      .split('\n')
      .at(-1),
  ).toBe('| bot | 2 | 25.0 % | 25.0 % | 50.0 % | −25.0 % | 20.0 % |')
  expect(percent(-0.000_1)).toBe('0.0 %')
})

const prompt = { instructions: 'one', instructionsTokens: 900, before: null, after: 'two' }
const kept = receiptRecord(Date.UTC(2026, 10, 27), {
  route: 'claude',
  model: 'claude-haiku-4-5',
  tokens: { input: 20, output: 5, cacheWrite: 0, cacheRead: 800, reasoning: null },
  promptCache: { decision: 'added', marked: ['instructions'], prompt },
})

test('a receipt is a request, of as many tokens as Claude told', () => {
  const row = parseReceiptRow({ ...kept, feedback: null })
  expect(row).toMatchObject({
    kind: 'request',
    usage: { input: 20, written: 0, read: 800 },
    request: {
      scope: `${kept.tenant} claude-haiku-4-5`,
      instructions: { id: 'one', tokens: 820 },
      tokens: 820,
      leastTokens: 4_096,
    },
  })
})

test.each([
  ['not answered by Claude', { ...kept, route: 'local' }],
  ['rows of batches, which are not marked', { ...kept, surface: 'batches', promptCache: null }],
  ['the client marked parts itself', { ...kept, promptCache: { decision: 'own', marked: [], prompt: null } }],
  ['from before the router marked prompts', { ...kept, promptCache: null }],
])('a receipt is left out, and why: %s', (why, receipt) => {
  expect(parseReceiptRow(receipt)).toEqual({ kind: 'left_out', why })
})

test('what is no receipt is named', () => {
  expect(parseReceiptRow({ model: 'auto' })).toBeUndefined()
})
