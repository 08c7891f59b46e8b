import { expect, test } from 'vitest'
import { limitsOf } from '../../../inference/serving/limits.ts'
import { SCRIPTED_MODEL } from '../../support/scripted-engine.ts'

const settings = { maxInputTokens: 1024, maxOutputTokens: 512 }

test('keeps the settings where they fit', () => {
  expect(limitsOf(SCRIPTED_MODEL, settings)).toEqual(settings)
})

test('cuts prompt and answer of a decoder to the context that they share', () => {
  const limits = limitsOf({ ...SCRIPTED_MODEL, contextLength: 512 }, settings)
  expect(limits).toEqual({ maxInputTokens: 256, maxOutputTokens: 256 })
})

test('cuts prompt and answer of an encoder-decoder each to its own context', () => {
  const limits = limitsOf({ ...SCRIPTED_MODEL, kind: 'text2text-generation', contextLength: 512 }, settings)
  expect(limits).toEqual({ maxInputTokens: 512, maxOutputTokens: 512 })
})
