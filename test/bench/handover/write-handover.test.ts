/** What is written can be read by the container, and leaves what stood there. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { removeFromHandover, writeHandover } from '../../../bench/handover/write-handover.ts'
import { hasHandoverFile, readHandoverFile } from '../../../inference/engine/handover/handover-file.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { TINY_HANDOVER } from '../../support/tiny-handover.ts'

const part = { measure: 'lowest' as const, tasks: ['simple_qa' as const], threshold: 0.9 }

test('writes the part alone where there is no file', () => {
  const folder = temporaryFolder()
  writeHandover(folder, { verification: part }, { rows: 'none' })
  expect(readHandoverFile(folder)).toEqual({ verification: part })
})

test('keeps by what the model hands over, and replaces an older threshold', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'handover.json'), JSON.stringify(TINY_HANDOVER))
  writeHandover(folder, { verification: { ...part, threshold: 0.1 } }, { rows: 'none' })
  writeHandover(folder, { verification: part }, { rows: 'none' })
  expect(readHandoverFile(folder)).toEqual({
    handover: { token: TINY_HANDOVER.token, threshold: TINY_HANDOVER.threshold },
    verification: part,
  })
})

test('keeps by what answers are verified, and replaces when the model hands over', () => {
  const folder = temporaryFolder()
  const handover = { token: '<|im_start|>', threshold: 0.4 }
  writeHandover(folder, { verification: part }, { rows: 'none' })
  writeHandover(folder, { handover: { ...handover, threshold: 0.1 } }, { rows: 'none' })
  writeHandover(folder, { handover }, { rows: 'none' })
  expect(readHandoverFile(folder)).toEqual({ handover, verification: part })
})

test('takes the measure out where none is of use, and the file with it where nothing else stands there', () => {
  const [alone, beside] = [temporaryFolder(), temporaryFolder()]
  writeFileSync(join(beside, 'handover.json'), JSON.stringify(TINY_HANDOVER))
  for (const folder of [alone, beside]) {
    removeFromHandover(folder, 'verification')
    writeHandover(folder, { verification: part }, { rows: 'none' })
    removeFromHandover(folder, 'verification')
  }
  expect(existsSync(join(alone, 'handover.json'))).toBe(false)
  const { token, threshold } = TINY_HANDOVER
  expect(readHandoverFile(beside)).toEqual({ handover: { token, threshold } })
})

test('takes out when the model hands over, and the file where nothing is left of it', () => {
  const folder = temporaryFolder()
  writeHandover(folder, { verification: part }, { rows: 'none' })
  writeHandover(folder, { handover: { token: '<|im_start|>', threshold: 0.4 } }, { rows: 'none' })
  removeFromHandover(folder, 'handover')
  expect(readHandoverFile(folder)).toEqual({ verification: part })
  removeFromHandover(folder, 'verification')
  removeFromHandover(folder, 'handover')
  expect(hasHandoverFile(folder)).toBe(false)
})

test('refuses a file of another format', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'handover.json'), '{"format":2}')
  expect(() => writeHandover(folder, { verification: part }, { rows: 'none' })).toThrow('format')
})
