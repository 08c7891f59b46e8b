/** Scores at which decisions change: what settings mean, their order, and what docs/routing.md says of them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  DEFAULT_RECALL,
  DEFAULT_STRONG_RECALL,
  resolveThresholds,
  scoreOf,
  type ThresholdSetting,
  withComplexFrom,
} from '../../../edge/routing/thresholds.ts'
import { readShippedClassifier } from '../../../llm/shipped-classifier.ts'

const model = readShippedClassifier()
const share = fc.double({ min: 0, max: 1, noNaN: true })
const setting: fc.Arbitrary<ThresholdSetting> = fc.oneof(
  fc.record({ score: share }),
  fc.record({ recall: fc.double({ min: 0, max: 100, noNaN: true }) }),
)

test('nothing simple is for the strong model, and the threshold lies among the unsure', () => {
  fc.assert(
    fc.property(setting, setting, fc.option(share), (complex, strong, rule) => {
      const settings = resolveThresholds(model, { complex, strong })
      const found = rule === null ? settings : withComplexFrom(settings, rule)
      expect(found.strong).toBeGreaterThanOrEqual(found.complex)
      expect(found.unsure.from).toBeLessThanOrEqual(found.complex)
      expect(found.unsure.to).toBeGreaterThanOrEqual(found.complex)
    }),
  )
})

test('a higher share never lets more stay local; one that was not measured means the next higher one', () => {
  const recalls = fc.double({ min: 0, max: 100, noNaN: true })
  fc.assert(
    fc.property(recalls, recalls, (one, other) => {
      const [lower, higher] = [Math.min(one, other), Math.max(one, other)]
      expect(scoreOf(model, { recall: higher })).toBeLessThanOrEqual(scoreOf(model, { recall: lower }))
    }),
  )
  expect(scoreOf(model, { recall: 97.5 })).toBe(scoreOf(model, { recall: 98 }))
  expect(scoreOf(model, { recall: 99.99 })).toBe(0)
})

test('docs/routing.md names the scores of the shipped classifier', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/routing.md'), 'utf8')
  const { complex, strong, unsure } = resolveThresholds(model, {
    complex: { recall: DEFAULT_RECALL },
    strong: { recall: DEFAULT_STRONG_RECALL },
  })
  const said = {
    complex: /`recall:97` \(a score of ([\d.]+)\)/,
    strong: /`recall:90` \(([\d.]+)\)/,
    from: /\| unsure \| ([\d.]+) to /,
    to: /\| unsure \| [\d.]+ to ([\d.]+) \|/,
  }
  expect(Object.values(said).map((pattern) => pattern.exec(text)?.[1])).toEqual([
    complex.toFixed(3),
    strong.toFixed(3),
    unsure.from.toFixed(3),
    unsure.to.toFixed(2),
  ])
})
