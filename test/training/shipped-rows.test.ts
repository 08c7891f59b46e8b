/** The rows that the router ships with, and that its weights are of these rows and no others. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readShippedClassifier, SHIPPED_WEIGHTS } from '../../llm/shipped-classifier.ts'
import { ROWS_IN_CONTEXT } from '../../scripts/training-options.ts'
import { textOf } from '../../shared/messages.ts'
import { readLabelledRequests } from '../../training/labelled-requests.ts'
import { digestRows } from '../../training/router-calibration.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const FOLDER = join(import.meta.dirname, '../../training/requests')

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

test('are written as people write: in one word or at length, without marks, in several turns, behind a system prompt', () => {
  const texts = rows.map(({ request }) => textOf(request.messages.at(-1)?.content))
  const registers = {
    'one word': texts.filter((text) => !/\s/.test(text)),
    'a long paste': texts.filter(({ length }) => length > 800),
    'no marks and no capitals': texts.filter((text) => text === text.toLowerCase() && !/[.?!,]/.test(text)),
    'several turns': rows.filter(({ request }) => request.messages.length > 1),
    'a system prompt': rows.filter(({ request }) => request.system !== undefined),
  }
  for (const [register, found] of Object.entries(registers))
    expect(found.length, register).toBeGreaterThanOrEqual(rows.length / 50)
})

test('stand in pairs of near-misses, half of them at least', () => {
  const paired = new Set(rows.flatMap(({ id, partner }) => (partner === undefined ? [] : [id, partner])))
  expect(paired.size / rows.length).toBeGreaterThanOrEqual(0.5)
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
