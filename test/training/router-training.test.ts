/** What a trained classifier says of its own making. */
import { expect, test } from 'vitest'
import { SEED } from '../../training/linear-training.ts'
import { trainRouter } from '../../training/router-training.ts'
import { labelledRow } from '../support/labelled-row.ts'

const THINGS = ['lamp', 'river', 'table', 'garden', 'letter', 'bridge', 'window', 'market', 'train', 'song']
const rowsOn = (things: readonly string[]) =>
  things.flatMap((thing) => [
    labelledRow(thing, true, `Prove that the ${thing} exists and derive its theorem.`),
    labelledRow(thing, false, `Hello, what a lovely ${thing} today!`),
  ])
const rows = rowsOn(THINGS)
const others = rowsOn(['harbour', 'mountain', 'kettle'])
const provenance = { sources: 'a test' }

test('its provenance says sources, rows, seed and figures, and of rows that measured it the day', () => {
  const validation = { rows: others, date: '2026-11-27' }
  expect(trainRouter({ rows, provenance, validation }).model.provenance).toMatchObject({
    sources: 'a test',
    seed: SEED,
    rows: 20,
    rowsSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    aucOfFolds: expect.any(Number),
    measuredOn: '6 requests of 3 other sources',
    auc: expect.any(Number),
    date: '2026-11-27',
  })
  expect(trainRouter({ rows, provenance }).model.provenance).not.toHaveProperty('date')
})

test('is the same where it is measured on another day, and dated anew where that comes out otherwise', () => {
  const first = trainRouter({ rows, provenance, validation: { rows: others, date: '2026-11-27' } })
  const known = first.report.calibration
  const again = trainRouter({ rows, provenance, known, validation: { rows: others, date: '2026-12-01' } })
  expect(again.model).toEqual(first.model)
  const fewer = { rows: others.slice(2), date: '2026-12-01' }
  expect(trainRouter({ rows, provenance, known, validation: fewer }).report.calibration.date).toBe(
    '2026-12-01',
  )
})
