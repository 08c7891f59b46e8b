import { expect, test } from 'vitest'
import { startTokenOf } from '../../../../inference/engine/text/start-token.ts'

test('takes the first configuration that states one', () => {
  expect(startTokenOf([undefined, { decoder_start_token_id: 7 }, { decoder_start_token_id: 8 }])).toBe(7)
  expect(startTokenOf([{ decoder_start_token_id: null }, { decoder_start_token_id: 0 }])).toBe(0)
})

test('knows none where no configuration states one', () => {
  expect(startTokenOf([{}, undefined])).toBeUndefined()
})

test('leaves models alone whose further tokens are forced or forbidden', () => {
  const start = { decoder_start_token_id: 0 }
  for (const name of ['forced_bos_token_id', 'forced_eos_token_id']) {
    expect(startTokenOf([{ ...start, [name]: 3 }])).toBeUndefined()
    expect(startTokenOf([{ ...start, [name]: null }])).toBe(0)
  }
  expect(startTokenOf([start, { suppress_tokens: [4] }])).toBeUndefined()
})
