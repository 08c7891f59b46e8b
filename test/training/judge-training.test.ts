/** A judge's head from states of labelled requests. */
import { expect, test } from 'vitest'
import { type JudgedRow, trainJudge } from '../../training/judge-training.ts'
import { denseLogit } from '../../training/ridge-logistic.ts'
import { areaUnderCurve, calibrationError } from '../../training/validation.ts'
import { labelledRow } from '../support/labelled-row.ts'

/** States whose first number tells complex from simple, but for some noise. */
function judged(count: number, sources: number, name: string): readonly JudgedRow[] {
  return Array.from({ length: count }, (_, at) => {
    const complex = at % 2 === 0
    const noise = Math.sin(at * 12.9898) * 3
    return {
      row: labelledRow(`${name} ${at % sources}`, complex, `${name} ${at}`),
      features: Float32Array.of((complex ? 1 : -1) + noise, Math.cos(at * 78.233), 5),
    }
  })
}

const rows = judged(200, 10, 'own')

function scoredBy(head: ReturnType<typeof trainJudge>['head'], of: readonly JudgedRow[]) {
  return of.map(({ row, features }) => ({ logit: denseLogit(head, features), complex: row.complex }))
}

test('learns what the states say, and tells how well on sources left out', () => {
  const { head, report } = trainJudge(rows, undefined)
  expect(head.weights).toHaveLength(3)
  expect(areaUnderCurve(scoredBy(head, rows))).toBeGreaterThan(0.65)
  expect(report).toMatchObject({ rows: 200, measuredOn: 'folds of the same rows that leave sources out' })
  expect(report.measuredAuc).toBeCloseTo(report.auc)
  expect(trainJudge(rows, undefined)).toEqual({ head, report })
})

test('measures what scores mean on rows of other sources where there are any', () => {
  const others = judged(150, 5, 'other')
  const { head, report } = trainJudge(rows, others)
  const scored = scoredBy(head, others)
  expect(report.measuredOn).toBe('150 requests of 5 other sources')
  expect(report.measuredAuc).toBeCloseTo(areaUnderCurve(scored), 3)
  expect(report.expectedCalibrationError).toBeCloseTo(calibrationError(scored), 3)
  expect(report.simpleRecallAt97).toBeLessThanOrEqual(1)
})

test('scores are probabilities: their mean is the share of complex rows', () => {
  const others = judged(150, 5, 'other').filter((_, at) => at % 2 === 0 || at % 6 === 1)
  const scored = scoredBy(trainJudge(rows, others).head, others)
  const mean = scored.reduce((sum, { logit }) => sum + 1 / (1 + Math.exp(-logit)), 0) / scored.length
  expect(mean).toBeCloseTo(scored.filter(({ complex }) => complex).length / scored.length, 1)
})
