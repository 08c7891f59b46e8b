/** One answer, token by token, without a model: what ends it, and that it tells of the prompt before the first token. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EngineEvent } from '../../../../inference/engine/engine.ts'
import { createSequence } from '../../../../inference/engine/text/sequence.ts'

const WORDS = ['<end>', 'a', 'b', 'c', 'd', '<control>']
const END = 0

/** Special, so that it is not shown. */
const CONTROL = 5

function sequenceOf(
  maxTokens: number,
  stopSequences: readonly string[] = [],
  { logprobs = false, handoverThreshold = undefined as number | undefined } = {},
) {
  const events: EngineEvent[] = []
  const sequence = createSequence({
    ids: [1, 2],
    request: { maxTokens, stopSequences, logprobs },
    sampling: { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1 },
    occurred: [],
    handover: handoverThreshold === undefined ? undefined : { token: CONTROL, threshold: handoverThreshold },
    random: () => 0,
    endTokens: new Set([END]),
    decode: (tokens) => tokens.map((token) => (token === CONTROL ? '' : WORDS[token])).join(''),
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
  const [asked, other] = [sequenceOf(5, [], { logprobs: true }), sequenceOf(5)]
  asked.accept(1)
  other.accept(1)
  expect(asked.events[1]).toMatchObject({ type: 'text', logprob: expect.closeTo(-5 * Math.exp(-9), 4) })
  expect(other.events[1]).toMatchObject({ type: 'text', logprob: undefined })
})

test('the end tells them of all tokens and of the one that ended the turn, what is not written included', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(1, 2, 3, CONTROL), { maxLength: 8 }),
      fc.boolean(),
      (tokens, ended) => {
        const made = [...tokens, ended ? END : 1]
        const { accept, events } = sequenceOf(made.length, ['cd'], { logprobs: true })
        for (const token of made) accept(token)
        const end = events.find((event) => event.type === 'end')
        expect(end).toMatchObject({
          outputTokens: ended ? tokens.length : made.length,
          logprobs: made.map(() => expect.closeTo(-5 * Math.exp(-9), 4)),
        })
      },
    ),
  )
})

test('refuses logits that are not numbers', () => {
  const { sequence } = sequenceOf(5)
  expect(() => sequence.accept(new Float32Array(5).fill(Number.NaN))).toThrow(RangeError)
})

/** The probability of the token whose logit is 9 where those of the five others are 0. */
const LIKELY = Math.exp(9) / (Math.exp(9) + 5)

test('a control token that nobody asked about comes and is not shown, and counts as one that was made', () => {
  const { accept, events, text } = sequenceOf(9, ['cd'])
  for (const token of [CONTROL, 1, 2]) expect(accept(token)).toEqual({ token, done: false })
  accept(END)
  expect(text()).toBe('ab')
  expect(events).toEqual([
    { type: 'prefilled' },
    { type: 'text', text: 'a', tokens: 2, logprob: undefined },
    { type: 'text', text: 'b', tokens: 1, logprob: undefined },
    { type: 'end', stopReason: 'end_turn', stopSequence: null, outputTokens: 3 },
  ])
  const stopped = sequenceOf(9, ['ab'])
  for (const token of [CONTROL, 1, CONTROL, 2]) stopped.accept(token)
  expect(stopped.events.at(-1)).toMatchObject({ type: 'end', stopSequence: 'ab', outputTokens: 4 })
})

test('tells before the first token how probable the control token is, and ends there from the threshold on', () => {
  for (const handoverThreshold of [0, LIKELY - 1e-6]) {
    const { accept, events } = sequenceOf(5, [], { handoverThreshold })
    expect(() => accept(CONTROL)).toThrow(expect.objectContaining({ code: 'low_confidence', status: 409 }))
    expect(events).toEqual([{ type: 'weighed', score: expect.closeTo(LIKELY, 9) }])
  }
  const unlikely = sequenceOf(5, [], { handoverThreshold: 0.5 })
  unlikely.accept(1)
  expect(unlikely.events).toEqual([
    { type: 'weighed', score: expect.closeTo((1 - LIKELY) / 5, 9) },
    { type: 'prefilled' },
    expect.objectContaining({ type: 'text', text: 'a' }),
  ])
})

test('below the threshold the control token never comes, however likely', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(1, 2, CONTROL), { minLength: 2, maxLength: 8 }), (tokens) => {
      const { accept, events } = sequenceOf(9, [], { handoverThreshold: 1 })
      for (const token of tokens) expect(accept(token).token).not.toBe(CONTROL)
      expect(events.filter(({ type }) => type === 'weighed')).toHaveLength(1)
    }),
  )
})

test('weighs nothing of logits that are not numbers', () => {
  const { sequence, events } = sequenceOf(5, [], { handoverThreshold: 0 })
  expect(() => sequence.accept(new Float32Array(6).fill(Number.NaN))).toThrow(RangeError)
  expect(events).toEqual([])
})
