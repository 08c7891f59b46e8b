import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256Hex } from '../../shared/digest.ts'

const expected = (text: string) => createHash('sha256').update(Buffer.from(text.toWellFormed())).digest('hex')

test('agrees with another implementation on any text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 1_500 }), async (text) => {
      expect(await sha256Hex(text)).toBe(expected(text))
    }),
  )
})

test('agrees at every length around the ends of blocks, and where WebCrypto takes over', async () => {
  for (const length of [...Array(200).keys(), 1_023, 1_024, 1_025, 5_000])
    for (const character of ['a', 'é', '世', '\ud800'])
      expect(await sha256Hex(character.repeat(length))).toBe(expected(character.repeat(length)))
})

test('keeps nothing of the text before', async () => {
  await sha256Hex('x'.repeat(1_000))
  expect(await sha256Hex('abc')).toBe(expected('abc'))
})
