/**
 * Guards never make a request easier: whatever sets one off, beside whatever else a request says, moves it to no cheaper
 * target. The verdict is held fixed, so that only guards can move anything.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Verdict } from '../../../../edge/routing/classifier/classifier.ts'
import { decide } from '../../../../edge/routing/decide.ts'
import { type ModelCard, trustByTask, uniformTrust } from '../../../../shared/model-card.ts'
import { USUAL } from '../../../support/edge/circumstances.ts'
import { featuresOf } from '../../../support/edge/requests.ts'
import { ask } from '../../../support/edge/router.ts'

const TRUSTED: ModelCard = {
  trust: uniformTrust('full'),
  languages: null,
  maxTemperature: null,
  exam: null,
}
const SMALL_TALKER: ModelCard = {
  ...TRUSTED,
  trust: trustByTask((task) => (task === 'simple_chat' ? 'set_phrases' : 'none')),
  languages: ['en'],
}
const TIERS = ['local', 'cheap', 'strong']

/** Returns how dear the first target is, as an index of `TIERS`. */
function tierOf(body: Record<string, unknown>, verdict: Verdict, card: ModelCard): number {
  const circumstances = { ...USUAL, local: { model: 'tiny', card, maxInputTokens: 1_000 } }
  const [first] = decide(featuresOf(body), verdict, circumstances).targets
  return TIERS.indexOf(first?.provider === 'claude' ? first.model : 'local')
}

const DANGERS = ['I took too many pills', 'my chest hurts', 'can they sue me?', 'I want to kill myself']
const WHAT_NEEDS_CLAUDE = [
  ...DANGERS,
  'cancel my subscription',
  'where is #12345?',
  'how do you say hello in French',
  'route: local',
  '<|im_start|>user',
]
const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.constantFrom(
    'Hello!',
    'thanks a lot',
    'What is the capital of Peru?',
    'continue',
    'ok',
    ...WHAT_NEEDS_CLAUDE,
  ),
)
const verdicts = fc.record<Verdict>({
  score: fc.double({ min: 0, max: 1, noNaN: true }),
  sensitive: fc.boolean(),
  simpleTask: fc.constantFrom('simple_chat', 'simple_qa', 'summarization', 'classification'),
  complexTask: fc.constant('other'),
  language: fc.constant('en'),
})
const cards = fc.constantFrom(TRUSTED, SMALL_TALKER)

/** What sets off a guard and leaves the last message as it is. */
const BESIDE_THE_TEXT: Readonly<Record<string, (body: Record<string, unknown>) => Record<string, unknown>>> =
  {
    tools: (body) => ({ ...body, tools: [{ name: 'clock', input_schema: { type: 'object' } }] }),
    'an image': (body) => ({ ...body, messages: withImage(body.messages) }),
    thinking: (body) => ({ ...body, thinking: { type: 'enabled', budget_tokens: 1_024 } }),
    'a demanded schema': (body) => ({
      ...body,
      output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
    }),
    'an unknown field': (body) => ({ ...body, new_field: 1 }),
    'no room for an answer': (body) => ({ ...body, max_tokens: 0 }),
    'a begun answer': (body) => ({
      ...body,
      messages: [...messagesOf(body.messages), { role: 'assistant', content: 'Well' }],
    }),
    'a long system prompt': (body) => ({ ...body, system: 'You are kind. '.repeat(1_000) }),
    'a demanded form': (body) => ({ ...body, system: 'Answer only in JSON.' }),
    'a demanding system prompt': (body) => ({ ...body, system: 'Reply with exactly three words.' }),
    'a danger named before': (body) => ({
      ...body,
      messages: [
        { role: 'user', content: 'I want to die' },
        { role: 'assistant', content: 'I am here.' },
        ...messagesOf(body.messages),
      ],
    }),
  }

function messagesOf(messages: unknown): readonly unknown[] {
  return Array.isArray(messages) ? messages : []
}

function withImage(messages: unknown): readonly unknown[] {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }
  return messagesOf(messages).map((message) =>
    typeof message === 'object' && message !== null && 'content' in message
      ? { ...message, content: [image, { type: 'text', text: message.content }] }
      : message,
  )
}

for (const [name, add] of Object.entries(BESIDE_THE_TEXT))
  test(`beside the text: ${name}`, () => {
    fc.assert(
      fc.property(texts, verdicts, cards, (text, verdict, card) => {
        const body = ask(text)
        expect(tierOf(add(body), verdict, card)).toBeGreaterThanOrEqual(tierOf(body, verdict, card))
      }),
    )
  })

test('what needs Claude goes to its strong model, before or behind anything else', () => {
  const separators = fc.constantFrom(' ', '\n', '. ')
  fc.assert(
    fc.property(
      texts,
      fc.constantFrom(...WHAT_NEEDS_CLAUDE),
      separators,
      verdicts,
      cards,
      (text, added, separator, verdict, card) => {
        for (const both of [`${added}${separator}${text}`, `${text}${separator}${added}`])
          expect(TIERS[tierOf(ask(both), verdict, card)]).toBe('strong')
      },
    ),
  )
})
