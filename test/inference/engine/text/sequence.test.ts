/** One answer, token by token, without a model: what ends it, and that it tells of the prompt before the first token. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EngineEvent } from '../../../../inference/engine/engine.ts'
import { createSequence } from '../../../../inference/engine/text/sequence.ts'

const WORDS = ['<end>', 'a', 'b', 'c', 'd']
const END = 0

function sequenceOf(maxTokens: number, stopSequences: readonly string[] = [], logprobs = false) {
  const events: EngineEvent[] = []
  const sequence = createSequence({
    ids: [1, 2],
    request: { maxTokens, stopSequences, logprobs },
    sampling: { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1 },
    occurred: [],
    random: () => 0,
    endTokens: new Set([END]),
    decode: (tokens) => tokens.map((token) => WORDS[token]).join(''),
    push: (event) => events.push(event),
  })
  const accept = (token: number) =>
    sequence.accept(Float32Array.from(WORDS, (_, at) => (at === token ? 9 : 0)))
  const text = () => events.map((event) => (event.type === 'text' ? event.text : '')).join('')
  return { sequence, accept, events, text }
}

test('tells that the prompt was read before the first token, once', () => {
  const { accept, events } = sequenceOf(5)
  accept(1)
  accept(2)
  expect(events.map(({ type }) => type)).toEqual(['prefilled', 'text', 'text'])
})

test('ends with an end token, with the last token allowed, or with a stop sequence', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 12 }),
      (tokens, maxTokens) => {
        const { accept, events, text } = sequenceOf(maxTokens, ['cd'])
        const taken: number[] = []
        let done = false
        for (const token of tokens) {
          if (done) break
          taken.push(token)
          done = accept(token).done
        }
        const said = taken.map((token) => (token === END ? '' : WORDS[token])).join('')
        const stopped = said.endsWith('cd')
        const ended = taken.at(-1) === END
        expect(done).toBe(stopped || ended || taken.length === maxTokens)
        if (!done) return
        expect(text()).toBe(stopped ? said.slice(0, -2) : said)
        expect(events.at(-1)).toMatchObject({
          type: 'end',
          stopReason: stopped ? 'stop_sequence' : ended ? 'end_turn' : 'max_tokens',
        })
      },
    ),
  )
})

test('tells log-probabilities only where they are asked for', () => {
  const [asked, other] = [sequenceOf(5, [], true), sequenceOf(5)]
  asked.accept(1)
  other.accept(1)
  expect(asked.events[1]).toMatchObject({ type: 'text', logprob: expect.closeTo(-4 * Math.exp(-9), 4) })
  expect(other.events[1]).toMatchObject({ type: 'text', logprob: undefined })
})

test('refuses logits that are not numbers', () => {
  const { sequence } = sequenceOf(5)
  expect(() => sequence.accept(new Float32Array(5).fill(Number.NaN))).toThrow(RangeError)
})
