import { expect, test } from 'vitest'
import { toGenerateRequest } from '../../../inference/http/generate-request.ts'

const LIMITS = { maxInputTokens: 100, maxOutputTokens: 50 }
const HELLO = { model: 'auto', max_tokens: 20, messages: [{ role: 'user' as const, content: 'Hello!' }] }

test('hands sampling over under the engine’s names, that of open models too', () => {
  const sampling = { temperature: 0.7, top_p: 0.9, top_k: 40, min_p: 0.05, repetition_penalty: 1.1, seed: -7 }
  expect(toGenerateRequest({ ...HELLO, ...sampling }, LIMITS)).toMatchObject({
    temperature: 0.7,
    topP: 0.9,
    topK: 40,
    minP: 0.05,
    repetitionPenalty: 1.1,
    seed: -7,
  })
})

test('what is not said, or null, is left to the model', () => {
  const left = toGenerateRequest({ ...HELLO, seed: null, min_p: null }, LIMITS)
  expect([left.seed, left.minP, left.repetitionPenalty, left.temperature]).toEqual(Array(4).fill(undefined))
})
