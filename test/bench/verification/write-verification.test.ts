/** What is written can be read by the container, and leaves what stood there. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeVerification } from '../../../bench/verification/write-verification.ts'
import { readHandoverFile } from '../../../inference/engine/handover/handover-file.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { TINY_HANDOVER } from '../../support/tiny-handover.ts'

const part = { measure: 'lowest' as const, tasks: ['simple_qa' as const], threshold: 0.9 }

test('writes the part alone where there is no file', () => {
  const folder = temporaryFolder()
  writeVerification(folder, part, { rows: 'none' })
  expect(readHandoverFile(folder)).toEqual({ verification: part })
})

test('keeps by what the model hands over, and replaces an older threshold', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'handover.json'), JSON.stringify(TINY_HANDOVER))
  writeVerification(folder, { ...part, threshold: 0.1 }, { rows: 'none' })
  writeVerification(folder, part, { rows: 'none' })
  expect(readHandoverFile(folder)).toEqual({
    handover: { token: TINY_HANDOVER.token, threshold: TINY_HANDOVER.threshold },
    verification: part,
  })
})

test('refuses a file of another format', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'handover.json'), '{"format":2}')
  expect(() => writeVerification(folder, part, { rows: 'none' })).toThrow('format')
})
