/** The card that an exam wrote beside a model. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { graphFiles } from '../../../inference/models/files.ts'
import {
  encodeModelCard,
  modelCardPath,
  readCardFile,
  readFittingCard,
} from '../../../inference/models/model-card-file.ts'
import { resolveModel, SHIPPED_DIR } from '../../../inference/models/resolve.ts'
import { digestFile } from '../../../inference/models/verify.ts'
import { uniformTrust } from '../../../shared/model-card.ts'
import { EXAM_FOLDER, readExamItems } from '../../../training/exam/exam-item.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const TINY = join(import.meta.dirname, '../../fixtures/models/tiny-llama')

const EXAMINED = {
  model: 'tiny-llama',
  weights: 'int8',
  graphSha256: null,
  examined: '2026-11-30',
  kinds: { spam: { items: 40, passed: 39, lowerBound: 0.87, trusted: true } },
  card: {
    trust: { ...uniformTrust('none'), summarization: 'full' },
    languages: ['en'],
    maxTemperature: null,
    exam: '2026-11-30, 39 of 40 items: classification 39 of 40',
  },
} as const

test('is what the model says of itself, in the place of what was known', () => {
  const folder = temporaryFolder()
  cpSync(TINY, folder, { recursive: true })
  const places = { shippedDir: SHIPPED_DIR, cacheDir: folder }
  expect(resolveModel(folder, places).info.card).toBeUndefined()
  writeFileSync(modelCardPath(folder), encodeModelCard(EXAMINED))
  expect(resolveModel(folder, places).info.card).toEqual(EXAMINED.card)
})

test('trusts with nothing where it cannot be read', () => {
  const folder = temporaryFolder()
  expect(readCardFile(folder)).toBeUndefined()
  for (const text of [
    '',
    '{',
    '{}',
    '{"format":2}',
    encodeModelCard(EXAMINED).replace('"full"', '"fully"'),
  ]) {
    writeFileSync(modelCardPath(folder), text)
    expect(readCardFile(folder)?.trust).toEqual(uniformTrust('none'))
  }
})

test('trusts with nothing where it was measured on other weights', async () => {
  const folder = temporaryFolder()
  const graph = join(TINY, 'onnx/model.onnx')
  expect(await readFittingCard(folder, graph)).toBeUndefined()
  const graphSha256 = await digestFile(graph, 'sha256')
  writeFileSync(modelCardPath(folder), encodeModelCard({ ...EXAMINED, graphSha256 }))
  expect(await readFittingCard(folder, graph)).toEqual(EXAMINED.card)
  for (const other of [join(TINY, 'config.json'), undefined])
    expect(await readFittingCard(folder, other)).toMatchObject({
      trust: uniformTrust('none'),
      exam: expect.stringContaining('other weights'),
    })
})

test('of the shipped model is of the weights that are shipped, and of the items that are there', async () => {
  const model = resolveModel('', { shippedDir: SHIPPED_DIR, cacheDir: temporaryFolder() })
  const [graph] = graphFiles(model) ?? []
  expect(await readFittingCard(model.folder, graph)).toEqual(model.info.card)
  expect(model.info.card?.exam).toContain(` of ${readExamItems(EXAM_FOLDER).length} items`)
})
