/** What a small model is never left alone with, whatever greeting stands in front of it. */
import { expect, test } from 'vitest'
import { findCaution } from '../../../edge/routing/caution.ts'
import { createClassifier } from '../../../edge/routing/classifier.ts'
import { DEFAULT_THRESHOLD } from '../../../edge/routing/weights.ts'
import { featuresOf } from '../../support/edge/requests.ts'
import { ask } from '../../support/edge/router.ts'

const classify = createClassifier(DEFAULT_THRESHOLD)

const CAUTIONS: Record<string, readonly string[]> = {
  safety: [
    'Thanks! Is it safe to mix bleach and ammonia?',
    'hi there, can I mix ibuprofen with alcohol?',
    'I want to kill myself',
    'I took too many pills',
    'My chest hurts',
    'he hit me again',
  ],
  action: [
    'hi, my password is hunter2, please reset it',
    'Thanks. Now book me a flight to Rome',
    'Hello! Please delete my account',
    'Hey, cancel my subscription',
    'Hi! When are you open?',
  ],
  translation: ["Good morning, translate 'I love you' to Japanese"],
  continuation: ['continue', 'ok, do it again', 'try again'],
}
for (const [name, texts] of Object.entries(CAUTIONS))
  for (const text of texts)
    test(`${name}: ${text}`, () => {
      const verdict = classify(featuresOf(ask(text)))
      expect(verdict.caution).toBe(name)
      expect(verdict.complex).toBe(true)
      expect(verdict.score).toBeGreaterThan(DEFAULT_THRESHOLD)
    })

test('a form or a language that the system prompt demands is beyond a small model', () => {
  for (const system of [
    'Always answer in JSON with keys a and b.',
    'Reply only in German.',
    'Respond in French.',
  ])
    expect(findCaution(featuresOf(ask('Hello!', { system })))).toBe('demanded form')
  for (const system of ['You are Bob, a friendly agent of ACME.', 'Be brief and kind.'])
    expect(findCaution(featuresOf(ask('Hello!', { system })))).toBeUndefined()
})

test('the matter of a long text to be summarised is no request', () => {
  const article = `Summarize: The firm said on Friday that its new medicine has side effects. ${'It sells well. '.repeat(30)}`
  expect(findCaution(featuresOf(ask(article)))).toBeUndefined()
})

test('despair is not over because the next message is polite', () => {
  const messages = [
    { role: 'user', content: 'I want to die' },
    { role: 'assistant', content: 'Please call a crisis line.' },
    { role: 'user', content: 'thanks for everything' },
  ]
  expect(findCaution(featuresOf({ model: 'auto', max_tokens: 5, messages }))).toBe('safety')
})

test('a bare yes to a question that is open may set things going', () => {
  const after = (asked: string, said: string) =>
    findCaution(
      featuresOf({
        model: 'auto',
        max_tokens: 5,
        messages: [
          { role: 'user', content: 'Look at the table of users' },
          { role: 'assistant', content: asked },
          { role: 'user', content: said },
        ],
      }),
    )
  for (const said of ['ok', 'yes please, thanks', 'sounds good', 'perfect, thank you'])
    expect(after('Shall I drop it?', said)).toBe('consent')
  expect(after('It has 12 rows.', 'ok')).toBeUndefined()
})

const SMALL_TALK = [
  'Hello! How are you today?',
  'Good morning!',
  'Hello once more 5',
  'Hi again, friend!',
  'Thank you so much for your help!',
  'That is great, thanks',
  'Are you a robot?',
  'Hello, anybody there?',
]
for (const text of SMALL_TALK)
  test(`small talk stays small talk: ${text}`, () => {
    const verdict = classify(featuresOf(ask(text)))
    expect(verdict.task).toBe('simple_chat')
    expect(verdict.complex).toBe(false)
  })

const BEHIND_A_GREETING = [
  'Hi, explain general relativity',
  'Thanks! Write a python script that sorts files',
  'Good morning, prove that there are infinitely many primes',
  'Hello, design a rate limiter for me',
]
for (const text of BEHIND_A_GREETING)
  test(`a greeting makes nothing easier: ${text}`, () =>
    expect(classify(featuresOf(ask(text))).complex).toBe(true))
