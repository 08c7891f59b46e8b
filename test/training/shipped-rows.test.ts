/** The rows that the router ships with, and that its weights are of these rows and no others. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readShippedClassifier, SHIPPED_WEIGHTS } from '../../llm/shipped-classifier.ts'
import { ROWS_IN_CONTEXT } from '../../scripts/training-options.ts'
import { readLabelledRequests } from '../../training/labelled-requests.ts'
import { digestRows } from '../../training/router-calibration.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const FOLDER = join(import.meta.dirname, '../../training/requests')
/** Requests that were written without near-misses: simple ones of every kind, and some that only look simple. */
const WITHOUT_PAIRS = 'answers.jsonl'

const rows = readLabelledRequests([FOLDER], 'reject')

test('are at least 6,000', () => {
  expect(rows.length).toBeGreaterThanOrEqual(6_000)
})

test('are not repeated by those that only their conversation tells apart', () => {
  const inContext = readLabelledRequests(ROWS_IN_CONTEXT, 'reject')
  expect(inContext.length).toBeGreaterThan(rows.length)
})

test('are of at least 100 intents, each simple or complex', () => {
  const intents = Map.groupBy(rows, ({ source }) => source)
  expect(intents.size).toBeGreaterThanOrEqual(100)
  const mixed = [...intents].filter(([, own]) => new Set(own.map(({ complex }) => complex)).size > 1)
  expect(mixed.map(([intent]) => intent)).toEqual([])
})

test('are of at least 12 languages with both labels', () => {
  const labels = Map.groupBy(rows, ({ language }) => language)
  const both = [...labels.values()].filter((own) => new Set(own.map(({ complex }) => complex)).size === 2)
  expect(both.length).toBeGreaterThanOrEqual(12)
})

test('stand in pairs of near-misses, half of them at least', () => {
  const others = new Set(readLabelledRequests([join(FOLDER, WITHOUT_PAIRS)], 'keep').map(({ id }) => id))
  const own = rows.filter(({ id }) => !others.has(id))
  const paired = new Set(own.flatMap(({ id, partner }) => (partner === undefined ? [] : [id, partner])))
  expect(paired.size / own.length).toBeGreaterThanOrEqual(0.5)
})

test('are those that the shipped weights were trained on', () => {
  expect(readShippedClassifier().provenance).toMatchObject({ rowsSha256: digestRows(rows) })
})

test.skipIf(process.env.LONG_TESTS === undefined)(
  'give the shipped weights again, byte for byte (with LONG_TESTS=1)',
  () => {
    const out = join(temporaryFolder(), 'weights.bin')
    const script = join(import.meta.dirname, '../../scripts/train-router.ts')
    const { status } = spawnSync(process.execPath, [script, '--out', out], { stdio: 'ignore' })
    expect(status).toBe(0)
    expect(readFileSync(out).equals(readFileSync(SHIPPED_WEIGHTS))).toBe(true)
  },
  900_000,
)
