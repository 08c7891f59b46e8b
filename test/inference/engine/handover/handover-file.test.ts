/** The file by which a model hands over: what is taken of it, and what is said of one that cannot be used. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findHandover } from '../../../../inference/engine/handover/handover.ts'
import { findVerification } from '../../../../inference/engine/handover/verification.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { TINY_HANDOVER, TINY_VERIFICATION } from '../../../support/tiny-handover.ts'

const tokenizer = { all_special_tokens: ['<end>', '<|im_start|>'], all_special_ids: [2, 1] }
const find = (folder: string) => findHandover(folder, tokenizer, new Set([2]))

function folderWith(text: string): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'handover.json'), text)
  return folder
}

test('takes the token by its text, and the model’s own threshold', () => {
  expect(find(folderWith(JSON.stringify(TINY_HANDOVER)))).toEqual({ token: 1, threshold: 0.5 })
})

test('a model without the file does not hand over, and its answers are not verified', () => {
  expect(find(temporaryFolder())).toBeUndefined()
  expect(findVerification(temporaryFolder())).toBeUndefined()
})

test('either part may be there alone, or both', () => {
  const verification = { measure: 'lowest', tasks: ['simple_chat'], threshold: 0.5 }
  const handover = { token: 1, threshold: 0.5 }
  for (const [file, expected] of [
    [TINY_HANDOVER, [handover, undefined]],
    [TINY_VERIFICATION, [undefined, verification]],
    [{ ...TINY_HANDOVER, ...TINY_VERIFICATION }, [handover, verification]],
  ] as const) {
    const folder = folderWith(JSON.stringify(file))
    expect([find(folder), findVerification(folder)]).toEqual(expected)
  }
})

test.each([
  ['is not JSON', '{', 'cannot be read or is not JSON'],
  ['is of a later format', JSON.stringify({ ...TINY_HANDOVER, format: 2 }), 'format 1: format'],
  ['has an impossible threshold', JSON.stringify({ ...TINY_HANDOVER, threshold: 1.01 }), 'threshold'],
  ['says nothing of its origin', JSON.stringify({ ...TINY_HANDOVER, provenance: undefined }), 'provenance'],
  ['has a threshold and no token', JSON.stringify({ ...TINY_HANDOVER, token: undefined }), 'token'],
  ['has neither part', JSON.stringify({ format: 1 }), 'token: is missing'],
  [
    'has a part and half of the other one',
    JSON.stringify({ ...TINY_VERIFICATION, threshold: 0.5 }),
    'token: is missing',
  ],
  [
    'verifies by a measure that is not known',
    JSON.stringify({
      ...TINY_VERIFICATION,
      verification: { ...TINY_VERIFICATION.verification, measure: 'x' },
    }),
    'verification.measure',
  ],
  [
    'verifies no task',
    JSON.stringify({ ...TINY_VERIFICATION, verification: { ...TINY_VERIFICATION.verification, tasks: [] } }),
    'verification.tasks',
  ],
  [
    'does not say where the threshold of verification comes from',
    JSON.stringify({
      format: 1,
      verification: { ...TINY_VERIFICATION.verification, provenance: undefined },
    }),
    'verification.provenance',
  ],
  [
    'names a token that would be shown',
    JSON.stringify({ ...TINY_HANDOVER, token: 'the' }),
    'no special token',
  ],
  [
    'names a token that ends answers',
    JSON.stringify({ ...TINY_HANDOVER, token: '<end>' }),
    'ends its answers',
  ],
])('says why where the file %s', (_, text, reason) => {
  expect(find(folderWith(text))).toEqual({ reason: expect.stringContaining(reason) })
})

test('any other JSON is refused with a reason', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const folder = folderWith(text)
      for (const found of [find(folder), findVerification(folder)])
        expect(found).toEqual({ reason: expect.stringContaining('handover.json') })
    }),
    { numRuns: 50 },
  )
})
