/** The file by which a model hands over: what is taken of it, and what is said of one that cannot be used. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findHandover } from '../../../../inference/engine/handover/handover.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { TINY_HANDOVER } from '../../../support/tiny-handover.ts'

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

test('a model without the file does not hand over', () => {
  expect(find(temporaryFolder())).toBeUndefined()
})

test.each([
  ['is not JSON', '{', 'cannot be read or is not JSON'],
  ['is of a later format', JSON.stringify({ ...TINY_HANDOVER, format: 2 }), 'format 1: format'],
  ['has an impossible threshold', JSON.stringify({ ...TINY_HANDOVER, threshold: 1.01 }), 'threshold'],
  ['says nothing of its origin', JSON.stringify({ ...TINY_HANDOVER, provenance: undefined }), 'provenance'],
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
      expect(find(folderWith(text))).toEqual({ reason: expect.stringContaining('handover.json') })
    }),
    { numRuns: 50 },
  )
})
