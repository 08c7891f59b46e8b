/** At a hard limit guards and verdict hold as ever; only who may be asked changes. */
import { expect, test } from 'vitest'
import { bentCircumstances } from '../../../edge/budgets/bent-circumstances.ts'
import type { Circumstances } from '../../../edge/routing/circumstances.ts'
import { decide } from '../../../edge/routing/decide.ts'
import { COMPLEX_VERDICT, SIMPLE_VERDICT, USUAL } from '../../support/edge/circumstances.ts'
import { featuresOf } from '../../support/edge/requests.ts'
import { ask } from '../../support/edge/router.ts'

const TOOLS = { tools: [{ name: 'look', input_schema: { type: 'object' } }] }

function bent(
  to: 'cheaper' | 'local',
  changes: Partial<Circumstances>,
  fields = {},
  verdict = SIMPLE_VERDICT,
) {
  const { targets, rejection } = decide(
    featuresOf(ask(undefined, fields)),
    verdict,
    bentCircumstances(to, { ...USUAL, ...changes }),
  )
  return rejection === undefined ? targets.map(({ model }) => model) : 'nobody'
}

test.each([
  [{}, ['tiny-model', 'cheap']],
  [{ strategy: 'claude_only' }, ['tiny-model', 'cheap']],
  [{ requestedModel: 'claude-opus-5-5', routed: false }, ['tiny-model', 'cheap']],
  [{ local: undefined }, ['cheap']],
  [{ force: 'claude' }, ['cheap']],
  [{ force: 'local' }, ['tiny-model']],
  [{ privacyLocal: true }, ['tiny-model']],
  [{ strategy: 'local_only' }, ['tiny-model']],
] satisfies [Partial<Circumstances>, string[]][])('cheaper: a simple request under %j', (changes, models) => {
  expect(bent('cheaper', changes)).toEqual(models)
})

test('cheaper: never the dear model, whatever is asked, warm or ruled', () => {
  const session = {
    model: 'strong',
    prefixTokens: 50_000,
    uncachedTokens: 0,
    estimatedTokens: 50_000,
    lifeMs: 300_000,
    usedAt: 0,
  }
  const rule = { reason: 'rule 1', tier: 'strong' } as const
  expect(bent('cheaper', {}, {}, COMPLEX_VERDICT)).toEqual(['cheap'])
  expect(bent('cheaper', {}, TOOLS)).toEqual(['cheap'])
  expect(bent('cheaper', { requestedModel: 'claude-opus-5-5' }, {}, COMPLEX_VERDICT)).toEqual(['cheap'])
  expect(bent('cheaper', { session }, {}, COMPLEX_VERDICT)).toEqual(['cheap'])
  expect(bent('cheaper', { rule }, {}, COMPLEX_VERDICT)).toEqual(['cheap'])
})

test('local: what the local model can serve, and nobody for the rest', () => {
  expect(bent('local', { strategy: 'claude_only' }, {}, COMPLEX_VERDICT)).toEqual(['tiny-model'])
  expect(bent('local', { force: 'claude' })).toEqual(['tiny-model'])
  expect(bent('local', {}, TOOLS)).toBe('nobody')
  expect(bent('local', { local: undefined })).toBe('nobody')
})
