/** What no local model is ever left alone with, whatever greeting stands in front of it. */
import { expect, test } from 'vitest'
import { createClassifier } from '../../../../edge/routing/classifier/classifier.ts'
import { DEFAULT_THRESHOLD, SHIPPED_CLASSIFIER } from '../../../../edge/routing/classifier/weights.ts'
import type { Features } from '../../../../edge/routing/features.ts'
import { CONTENT_GUARDS } from '../../../../edge/routing/guards/content-guards.ts'
import { featuresOf } from '../../../support/edge/requests.ts'
import { ask } from '../../../support/edge/router.ts'

const classify = createClassifier(SHIPPED_CLASSIFIER, DEFAULT_THRESHOLD)
const guardOf = (features: Features) =>
  CONTENT_GUARDS.find((guard) =>
    guard.stops({ features, task: 'simple_chat', local: undefined }),
  )?.name.replace('guarded: ', '')

const GUARDED: Record<string, readonly string[]> = {
  safety: [
    'Thanks! Is it safe to mix bleach and ammonia?',
    'hi there, can I mix ibuprofen with alcohol?',
    'I want to kill myself',
    'I took too many pills',
    'My chest hurts',
    'he hit me again',
    'I think I am having a heart attack',
    'I feel like killing my boss',
    'Did you know I took 40 tylenols',
    'Can they sue me?',
  ],
  action: [
    'hi, my password is hunter2, please reset it',
    'Thanks. Now book me a flight to Rome',
    'Hello! Please delete my account',
    'Hey, cancel my subscription',
    'Hi! When are you open?',
    'where is #12345?',
  ],
  translation: ["Good morning, translate 'I love you' to Japanese"],
  continuation: ['continue', 'ok, do it again', 'try again'],
}
for (const [name, texts] of Object.entries(GUARDED))
  for (const text of texts)
    test(`${name}: ${text}`, () => {
      expect(guardOf(featuresOf(ask(text)))).toBe(name)
    })

test('a form or a language that the system prompt demands is beyond a small model', () => {
  for (const system of [
    'Always answer in JSON with keys a and b.',
    'Reply only in German.',
    'Respond in French.',
  ])
    expect(guardOf(featuresOf(ask('Hello!', { system })))).toBe('demanded form')
  for (const system of ['You are Bob, a friendly agent of ACME.', 'Be brief and kind.'])
    expect(guardOf(featuresOf(ask('Hello!', { system })))).toBeUndefined()
})

test.each(['My name is Sue', 'Sue and Bob say hello', 'Hello from the C# team, 123'])(
  'a word inside another, or a name, is no danger: %s',
  (text) => expect(guardOf(featuresOf(ask(text)))).toBeUndefined(),
)

test('the matter of a long text to be summarised is no request', () => {
  const article = `Summarize: The firm said on Friday that its new medicine has side effects. ${'It sells well. '.repeat(30)}`
  expect(guardOf(featuresOf(ask(article)))).toBeUndefined()
})

test('a danger that was named before is still there when the next message is polite', () => {
  const messages = [
    { role: 'user', content: 'I want to die' },
    { role: 'assistant', content: 'Please call a crisis line.' },
    { role: 'user', content: 'thanks for everything' },
  ]
  expect(guardOf(featuresOf({ model: 'auto', max_tokens: 5, messages }))).toBe('safety')
})

test('a bare yes to a question that is open may set things going', () => {
  const after = (asked: string, said: string) =>
    guardOf(
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
