/** What a request is taken to need before its tokens are counted. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { demandOf } from '../../../inference/serving/demand.ts'

const options = { tenant: 'a', maxInputTokens: 1000, maxTokens: 50 }
const prompt = (text: string) => ({ turns: [{ role: 'user' as const, text }] })

test('tells likely tokens from those that there may be at most', () => {
  expect(demandOf(prompt('Good morning, how are you today?'), options)).toEqual({
    tenant: 'a',
    promptTokens: 29,
    maxPromptTokens: 160,
    maxTokens: 50,
  })
})

test('never asks for more than the longest prompt, nor expects more than it asks for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
      const { promptTokens, maxPromptTokens } = demandOf({ ...prompt(text), system: text }, options)
      expect(maxPromptTokens).toBeLessThanOrEqual(1000)
      expect(promptTokens).toBeLessThanOrEqual(maxPromptTokens)
      expect(maxPromptTokens).toBeGreaterThanOrEqual(Math.min(1000, 2 * Buffer.byteLength(text)))
    }),
  )
})
