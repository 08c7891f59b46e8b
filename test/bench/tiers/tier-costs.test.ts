/** What tiers cost over the thresholds. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PlacedRow, placeRows, priceRows } from '../../../bench/tiers/priced-rows.ts'
import { measureTierCosts } from '../../../bench/tiers/tier-costs.ts'
import { describeTierCosts } from '../../../bench/tiers/tier-report.ts'
import { parseMessagesRequest } from '../../../shared/messages.ts'
import type { LabelledRequest } from '../../../training/labelled-requests.ts'
import { ask } from '../../support/edge/router.ts'

const MODELS = { strong: 'claude-sonnet-5-5', cheap: 'claude-haiku-5-5' }

const placed: fc.Arbitrary<PlacedRow> = fc.record({
  complex: fc.boolean(),
  score: fc.double({ min: 0, max: 1, noNaN: true }),
  least: fc.constantFrom('local', 'cheap', 'strong'),
  input: fc.integer({ min: 1, max: 5_000 }),
  output: fc.integer({ min: 1, max: 1_000 }),
})
const bothLabels = fc
  .tuple(fc.array(placed, { minLength: 1, maxLength: 40 }), placed, placed)
  .map(([rows, one, other]) => [...rows, { ...one, complex: true }, { ...other, complex: false }])

test('keeps the complex requests that a threshold says, costs no more than the strong model and more at higher shares', () => {
  fc.assert(
    fc.property(bothLabels, (rows) => {
      for (const { points } of measureTierCosts(priceRows(rows, MODELS, 1)).curves)
        for (const [at, point] of points.entries()) {
          expect(point.complexNotLocal).toBeGreaterThanOrEqual(point.complexStrong)
          expect(point.shareOfStrong).toBeLessThanOrEqual(1 + 1e-9)
          expect(point.usdPerThousand).toBeGreaterThanOrEqual((points[at - 1]?.usdPerThousand ?? 0) - 1e-9)
        }
    }),
  )
})

test('a threshold of either setup with two models keeps at least its share from the lesser one', () => {
  fc.assert(
    fc.property(bothLabels, (rows) => {
      const [local, cheap] = measureTierCosts(priceRows(rows, MODELS, 1)).curves
      for (const { recall, complexStrong } of [...(local?.points ?? []), ...(cheap?.points ?? [])])
        expect(complexStrong).toBeGreaterThanOrEqual(recall / 100 - 1e-9)
    }),
  )
})

test('prices by list, with the local model for nothing', () => {
  const row = { complex: true, score: 0.9, least: 'local', input: 1_000, output: 100 } as const
  expect(priceRows([row], MODELS, 2)[0]?.usd).toEqual({
    local: 0,
    cheap: (1_000 * 0.1 + 200 * 0.5) / 1e6,
    strong: (1_000 * 2 + 200 * 10) / 1e6,
  })
  expect(() => priceRows([row], { ...MODELS, cheap: 'unheard-of' }, 1)).toThrow('unheard-of')
})

const labelled = (id: string, complex: boolean, body: object): LabelledRequest => ({
  id,
  source: 'test',
  complex,
  task: undefined,
  language: 'en',
  sensitive: undefined,
  partner: undefined,
  request: parseMessagesRequest(body),
})
const rows = [
  labelled('hello', false, ask('Hello!')),
  labelled('question', false, ask('What is the capital of France?')),
  labelled('translation', true, ask('Translate to German: The ferry was late again and nobody knew why.')),
  labelled('tools', true, ask('Hello!', { tools: [{ name: 'clock', input_schema: { type: 'object' } }] })),
]

test('guards hold whatever the score, and the card of the model where it is asked for', async () => {
  const leastOf = async (environment: Record<string, string>) =>
    (await placeRows(rows, undefined, environment)).map(({ least }) => least)
  expect(await leastOf({})).toEqual(['local', 'local', 'strong', 'strong'])
  expect(await leastOf({ LOCAL_TASKS: 'auto' })).toEqual(['local', 'cheap', 'strong', 'strong'])
})

test('takes given scores, except where tools are used', async () => {
  const scores = (await placeRows(rows, [0.1, 0.2, 0.3, 0.4], {})).map(({ score }) => score)
  expect(scores).toEqual([0.1, 0.2, 0.3, Number.POSITIVE_INFINITY])
})

test('needs both labels', () => {
  const row = { complex: true, score: 0.9, least: 'local', input: 1, output: 1 } as const
  expect(() => measureTierCosts(priceRows([row], MODELS, 1))).toThrow('both labels')
})

test('is told with its assumptions and four tables of points', async () => {
  const priced = await placeRows(rows, undefined, {})
  const report = describeTierCosts(
    MODELS,
    [1, 2].map((outputScale) => ({
      outputScale,
      costs: measureTierCosts(priceRows(priced, MODELS, outputScale)),
    })),
  )
  expect(report).toContain('2 simple and 2 complex requests')
  expect(report).toContain('code_generation 500')
  expect(report.match(/^## /gm)).toHaveLength(4)
  expect(report).toContain('× 2')
})
