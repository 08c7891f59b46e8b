import { expect, test } from 'vitest'
import type { EngineEvent } from '../../../../inference/engine/engine.ts'
import { createGenerationOutput } from '../../../../inference/engine/text/output.ts'

const WORDS = ['Hel', 'lo', ' STO', 'P', ' there', '!']

/** A quote, a space with half a character, the other half. */
const BYTES = [[0x22], [0x20, 0xc3], [0xa9]]

function output(stopSequences: readonly string[] = []) {
  const events: EngineEvent[] = []
  const decode = (tokens: number[]) => tokens.map((token) => WORDS[token] ?? '').join('')
  return { events, ...createGenerationOutput(decode, stopSequences, (event) => events.push(event)) }
}

test('counts every token, and means the log-probabilities of those that a text stands for', () => {
  const { events, token, finish } = output([' STOX'])
  expect([token(0, -1), token(2, -2), token(3, -4)]).toEqual([true, true, true])
  finish()
  expect(events).toEqual([
    { type: 'text', text: 'Hel', tokens: 1, logprob: -1 },
    { type: 'text', text: ' STOP', tokens: 2, logprob: -3 },
    {
      type: 'end',
      stopReason: 'max_tokens',
      stopSequence: null,
      outputTokens: 3,
      logprobs: [-1, -2, -4],
    },
  ])
})

test('ends at a stop sequence over several tokens, and tells nothing of it', () => {
  const { events, token, finish } = output(['STOP'])
  expect([0, 1, 2, 3].map((word) => token(word, -1))).toEqual([true, true, true, false])
  finish()
  expect(events.map((event) => (event.type === 'text' ? event.text : event.type))).toEqual([
    'Hel',
    'lo',
    ' ',
    'end',
  ])
  expect(events.at(-1)).toMatchObject({
    stopReason: 'stop_sequence',
    stopSequence: 'STOP',
    outputTokens: 4,
  })
})

test('leaves out what is unwritten, also where its text comes with a later token', () => {
  const events: EngineEvent[] = []
  const decode = (tokens: number[]) =>
    new TextDecoder().decode(Uint8Array.from(tokens.flatMap((token) => BYTES[token] ?? [])))
  const { token, finish } = createGenerationOutput(decode, [], (event) => events.push(event))
  token(0, undefined)
  token(1, undefined, 1)
  token(2, undefined)
  finish()
  expect(events.map((event) => (event.type === 'text' ? event.text : '')).join('')).toBe('"é')
})

test('tells a quoted text as a JSON string, closed only where the model has ended it', () => {
  const textOf = (end: boolean) => {
    const events: EngineEvent[] = []
    const decode = (tokens: number[]) => tokens.map((token) => ['say "', 'no"\n'][token] ?? '').join('')
    const quoted = createGenerationOutput(decode, [], (event) => events.push(event), true)
    quoted.token(0, undefined)
    quoted.token(1, undefined)
    if (end) quoted.endOfTurn()
    quoted.finish()
    return events.map((event) => (event.type === 'text' ? event.text : '')).join('')
  }
  expect(JSON.parse(textOf(true))).toBe('say "no"\n')
  expect(textOf(false)).toBe(textOf(true).slice(0, -1))
})

test('tells what was held back when the model ends its turn', () => {
  const { events, token, endOfTurn, finish } = output(['lo!'])
  token(0, -1)
  token(1, -1)
  endOfTurn()
  finish()
  expect(events.map((event) => (event.type === 'text' ? event.text : '')).join('')).toBe('Hello')
  expect(events.at(-1)).toMatchObject({ type: 'end', stopReason: 'end_turn', stopSequence: null })
})
