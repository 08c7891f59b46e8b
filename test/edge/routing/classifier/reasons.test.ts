/** Reasons in words: what a message is made of is said as a person would say it, and quoted only where words are named. */
import { expect, test } from 'vitest'
import { createClassifier } from '../../../../edge/routing/classifier/classifier.ts'
import { createFormPhrases } from '../../../../edge/routing/classifier/form-phrases.ts'
import { FORMS } from '../../../../edge/routing/classifier/hashed-features.ts'
import { readShippedClassifier } from '../../../../llm/shipped-classifier.ts'
import { featuresOf } from '../../../support/edge/requests.ts'
import { ask } from '../../../support/edge/router.ts'

const { explain } = createClassifier(readShippedClassifier())
const namesOf = (body: Record<string, unknown>) => explain(featuresOf(body)).reasons.map(({ what }) => what)
const formsOf = (prompt: string, earlier: readonly unknown[] = []) => {
  const say = createFormPhrases(
    featuresOf(ask('', { messages: [...earlier, { role: 'user', content: prompt }] })),
  )
  return Object.fromEntries(
    Object.values(FORMS)
      .flat()
      .map((form) => [form, say(form).what]),
  )
}

test('says what the form of a message is', () => {
  expect(formsOf('What is 17 * 23?')).toMatchObject({
    length: 'a last message of 16 characters',
    digits: '4 digits in the last message',
    symbols: 'one sign of code or formulas in the last message',
    capitals: 'one capital letter in the last message',
    lines: 'a last message of one line',
    'question marks': 'one question mark in the last message',
    ending: 'a last message that ends in "?"',
    script: 'a last message in latin letters',
    turns: 'a first message',
  })
  expect(
    formsOf('Привет', [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
    ]),
  ).toMatchObject({
    digits: 'no digits in the last message',
    ending: 'a last message that ends without a mark',
    script: 'a last message in cyrillic letters',
    turns: 'a conversation of 3 turns',
  })
})

test('names words by where they stand, and numbers, of which the classifier sees only the length, as numbers', () => {
  expect(namesOf(ask('What is 17 * 23?'))).toContain('a number of 2 digits in the last message')
  const classified = ask('great phone', { system: 'Classify the sentiment. Answer with one word only.' })
  expect(namesOf(classified).join()).toContain('in the system prompt')
})
