import { join } from 'node:path'
import { expect, test } from 'vitest'
import { endlessQuestion, everydayQuestions } from '../../../bench/inference/workload.ts'
import { createPromptEncoder } from '../../../inference/engine/text/prompt.ts'
import { loadTokenizer } from '../../../inference/engine/transformers/tokenizer.ts'
import { SHIPPED_DIR } from '../../../inference/models/resolve.ts'

const encode = createPromptEncoder(await loadTokenizer(join(SHIPPED_DIR, 'Ulfberht-135M')), 'chat')

test.each([64, 96, 512])('questions have %d tokens to the one, and are all different', (tokens) => {
  const questions = Array.from({ length: 68 }, (_, index) => endlessQuestion(encode, tokens, index))
  expect(questions.map(({ ids }) => ids.length)).toEqual(questions.map(() => tokens))
  expect(new Set(questions.map(({ ids }) => ids.join(' '))).size).toBe(questions.length)
})

test('says so where the template alone is longer', () => {
  expect(() => endlessQuestion(encode, 8, 0)).toThrow('no question of 8 tokens')
})

test('everyday questions are what the model reads for them', () => {
  for (const { turns, ids } of everydayQuestions(encode)) expect(ids).toEqual(encode({ turns }).map(Number))
})
