/** What a model that is not trusted with facts is given, and what it is not. */
import { expect, test } from 'vitest'
import { createClassifier } from '../../../edge/routing/classifier.ts'
import { smallModelDoubt } from '../../../edge/routing/small-model.ts'
import { DEFAULT_THRESHOLD } from '../../../edge/routing/weights.ts'
import { featuresOf } from '../../support/edge/requests.ts'
import { ask } from '../../support/edge/router.ts'

const classify = createClassifier(DEFAULT_THRESHOLD)
const doubt = (text: string, system?: string) => {
  const features = featuresOf(ask(text, system === undefined ? {} : { system }))
  return smallModelDoubt(features, classify(features))
}
const ARTICLE =
  'The council met on Friday and decided to close the old ferry after 120 years, citing rising costs.'

test('small talk under a plain persona is given to it', () => {
  expect(doubt('Hello! How are you today?')).toBeUndefined()
  expect(doubt('Good morning!', 'You are Bob, a friendly agent of ACME shoes.')).toBeUndefined()
})

for (const system of [
  'Reply with exactly one word.',
  'Respond with an emoji only',
  'You are a pirate. Always rhyme.',
  'Antworte immer auf Deutsch.',
  'If the user says hello, ask for their ID.',
  'Classify the message into one of: A, B, C.',
])
  test(`a system prompt with instructions is not: ${system}`, () =>
    expect(doubt('Hello!', system)).toBe('local model not trusted with its system prompt'))

test('open talk is not', () => {
  expect(doubt('I had a great day today, what is the meaning of GDPR?')).toBeDefined()
  expect(doubt('Do you like the policies of Merkel?')).toBeDefined()
})

test('a summary is, of a text that is there, for itself alone', () => {
  expect(doubt(`Summarize: ${ARTICLE}`)).toBeUndefined()
  expect(doubt('Summarize the plot of Hamlet')).toBeDefined()
  expect(doubt(`Summarize as JSON with keys who and when: ${ARTICLE}`)).toBeDefined()
  expect(doubt(`Summarize in exactly 5 words: ${ARTICLE}`)).toBeDefined()
})
