import { join } from 'node:path'
import { AutoTokenizer } from '@xenova/transformers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTokenText } from '../../../../inference/engine/text/token-text.ts'

const MODELS = join(import.meta.dirname, '../../../fixtures/models')

describe.each([
  ['tiny-llama', 1024],
  ['tiny-t5', 1536],
] as const)('%s', async (name, vocabulary) => {
  const tokenizer = await AutoTokenizer.from_pretrained(join(MODELS, name))
  const decode = (tokens: number[]) =>
    tokenizer.decode(tokens, { skip_special_tokens: true, clean_up_tokenization_spaces: false })

  test('the pieces together are the whole text, for any tokens', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(vocabulary - 1), { maxLength: 60 }), (tokens) => {
        const text = createTokenText(decode)
        const pieces = tokens.map((token) => text.push(token))
        expect(pieces.join('') + text.flush()).toBe(tokens.length === 0 ? '' : decode(tokens))
      }),
    )
  })

  test('no piece ends within a character', () => {
    const tokens = tokenizer.encode('Grüße, 世界 😀 👩‍👩‍👧 end', { add_special_tokens: false })
    const text = createTokenText(decode)
    const pieces = tokens.map((token) => text.push(token))
    for (const piece of pieces) expect(piece.isWellFormed()).toBe(true)
    expect(pieces.join('') + text.flush()).toBe(decode(tokens))
  })
})
