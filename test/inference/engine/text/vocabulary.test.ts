import { join } from 'node:path'
import { AutoTokenizer, PreTrainedTokenizer } from '@xenova/transformers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readVocabulary, utf8Bytes } from '../../../../inference/engine/text/vocabulary.ts'

const MODELS = join(import.meta.dirname, '../../../fixtures/models')
const fixture = (name: string) => AutoTokenizer.from_pretrained(join(MODELS, name))

/** A tokenizer of Llama 2's kind: pieces with ▁ for the space, and a token for each byte. */
function byteFallback(decoders: readonly object[]): PreTrainedTokenizer {
  const pieces = ['<unk>', '▁', '▁good', '▁bad', 'o', 'd', '▁▁', '"', '▁{"', 'é', '😀']
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  )
  const vocab = Object.fromEntries([...pieces, ...bytes].map((text, id) => [text, id]))
  return new PreTrainedTokenizer(
    {
      added_tokens: [{ id: 0, content: '<unk>', special: true }],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: { type: 'Sequence', decoders },
      model: { type: 'BPE', vocab, merges: [], unk_token: '<unk>', byte_fallback: true },
    },
    { tokenizer_class: 'LlamaTokenizer' },
  )
}

const LLAMA_2 = [
  { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
  { type: 'ByteFallback' },
  { type: 'Fuse' },
  { type: 'Strip', content: ' ', start: 1, stop: 0 },
]

describe.each([
  ['byte-level', await fixture('tiny-llama')],
  ['SentencePiece', await fixture('tiny-t5')],
  ['SentencePiece with bytes', byteFallback(LLAMA_2)],
])('%s', (_, tokenizer) => {
  const vocabulary = readVocabulary(tokenizer)
  const tokens = vocabulary?.tokens ?? []

  test('what tokens write, put together, is what the tokenizer makes of them', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...tokens), { minLength: 1, maxLength: 12 }), (chosen) => {
        const decoded = tokenizer.decode(
          chosen.map(({ id }) => id),
          { skip_special_tokens: true, clean_up_tokenization_spaces: false },
        )
        const bytes = chosen.map((token) => token.bytes).join('')
        const written = vocabulary?.dropsFirstSpace && bytes.startsWith(' ') ? bytes.slice(1) : bytes
        // What is no UTF-8 no answer holds; decoders may differ in how often they write U+FFFD for it.
        fc.pre(!decoded.includes('\uFFFD'))
        expect(written).toBe(utf8Bytes(decoded))
      }),
    )
  })

  test('leaves out tokens that control', () => {
    expect(tokens.length).toBeGreaterThan(200)
    for (const text of tokenizer.all_special_tokens)
      expect(tokens.map(({ bytes }) => bytes)).not.toContain(text)
  })
})

test('is not read where tokens become text in another way', () => {
  const [replace, bytes, fuse] = LLAMA_2
  for (const unknown of [
    { type: 'WordPiece', prefix: '##', cleanup: true },
    { type: 'Strip', content: ' ', start: 0, stop: 1 },
    { type: 'Replace', pattern: { Regex: ' +' }, content: ' ' },
  ])
    expect(
      readVocabulary(byteFallback([replace, bytes, fuse, unknown].filter((step) => step !== undefined))),
    ).toBe(undefined)
})
