/** How HEDGE and FALLBACK_BUDGET are written, and what is said of those that cannot be read. */

import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { readConfig } from '../../../edge/config.ts'
import { fallbackBudget, hedge } from '../../../edge/settings/degradation-setting.ts'
import { parseSettings } from '../../../edge/settings/setting-schemas.ts'

const schema = z.object({ HEDGE: hedge, FALLBACK_BUDGET: fallbackBudget })
const read = (env: Record<string, string>) => parseSettings(schema, env)
const MINUTE_MS = 60_000

test.each([{}, { HEDGE: 'off', FALLBACK_BUDGET: 'off' }])('%j limits and hedges nothing', (env) => {
  expect(read(env)).toEqual({ settings: {}, problems: [] })
})

const share = { kind: 'share', percent: 5, least: 0, windowMs: 10 * MINUTE_MS }
const money = { kind: 'money', mostNanoUsd: 2_500_000_000, windowMs: 1_440 * MINUTE_MS }

test.each([
  ['5%', { limits: [share], delayMs: undefined }],
  ['5%:1500ms', { limits: [share], delayMs: 1_500 }],
  ['5%:1500ms:2.5usd/day', { limits: [share, money], delayMs: 1_500 }],
  [' 5% : 2.5USD/day : 20ms ', { limits: [share, money], delayMs: 20 }],
  ['0.5%', { limits: [{ ...share, percent: 0.5 }], delayMs: undefined }],
])('HEDGE=%s', (HEDGE, expected) => {
  expect(read({ HEDGE })).toMatchObject({ settings: { HEDGE: expected }, problems: [] })
})

test.each([
  ['30/minute', { limit: { kind: 'count', most: 30, windowMs: MINUTE_MS }, above: 'refuse' }],
  ['0/hour:cheap', { limit: { kind: 'count', most: 0, windowMs: 60 * MINUTE_MS }, above: 'cheap' }],
  ['20%', { limit: { kind: 'share', percent: 20, least: 3, windowMs: MINUTE_MS }, above: 'refuse' }],
  ['2.5usd/day:refuse', { limit: money, above: 'refuse', written: '2.5usd/day' }],
])('FALLBACK_BUDGET=%s', (FALLBACK_BUDGET, expected) => {
  expect(read({ FALLBACK_BUDGET })).toMatchObject({ settings: { FALLBACK_BUDGET: expected }, problems: [] })
})

test.each([
  'on',
  '5',
  '0%',
  '101%',
  '5%:0ms',
  '5%:1ms:2ms',
  '5%:2/day',
  '1500ms',
  '5%:',
  '5%:2usd/week',
  '-5%',
])('HEDGE=%s names itself and says how it is written', (HEDGE) => {
  const { settings, problems } = read({ HEDGE, FALLBACK_BUDGET: '5/minute' })
  expect(problems).toEqual([expect.stringMatching(/^HEDGE must be off, or a share .*5%:1500ms:2usd\/day$/)])
  expect(settings.FALLBACK_BUDGET).toBeDefined()
})

test.each([
  'on',
  '5',
  '30/second',
  '5usd',
  '0usd/day',
  '30/minute:wait',
  '30/minute:cheap:refuse',
  '30/minute:',
])('FALLBACK_BUDGET=%s names itself and says how it is written', (FALLBACK_BUDGET) => {
  const { problems } = read({ FALLBACK_BUDGET })
  expect(problems).toEqual([expect.stringMatching(/^FALLBACK_BUDGET must be off, or a limit such as /)])
})

test('a wait after which the local model has been given up is a problem of the configuration', async () => {
  const result = await readConfig({ ALLOW_ANONYMOUS: 'true', HEDGE: '5%:6000ms' })
  expect(result).toMatchObject({ ok: false, problems: [expect.stringMatching(/^HEDGE waits for 6000 ms/)] })
})
