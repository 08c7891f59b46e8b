/** Thoughts leave an answer and nothing else does, however the stream is cut. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createThoughtFilter } from '../../../../edge/providers/local/thoughts.ts'
import { collect, type KnownEvent, replay } from '../../../../shared/events.ts'
import type { ContentBlock } from '../../../../shared/messages.ts'
import { message } from '../../../support/edge/messages.ts'

/** Returns the content of an answer after the filter, its text cut after `sizes` characters each. */
async function filtered(content: ContentBlock[], sizes: readonly number[] = [1_000]) {
  const filter = createThoughtFilter()
  const events = [...replay(message('', { content }))].flatMap((event) => cut(event, sizes))
  return (await collect(events.flatMap(filter.push))).content
}

function cut(event: KnownEvent, sizes: readonly number[]): KnownEvent[] {
  if (event.type !== 'content_block_delta' || event.delta.type !== 'text_delta') return [event]
  const pieces: KnownEvent[] = []
  let rest = event.delta.text ?? ''
  for (let at = 0; rest !== ''; at++) {
    const size = sizes[at % sizes.length] ?? 1
    pieces.push({ ...event, delta: { ...event.delta, text: rest.slice(0, size) } })
    rest = rest.slice(size)
  }
  return pieces
}

const text = (value: string): ContentBlock => ({ type: 'text', text: value })
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
const word = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '<', '/', 't', '>', 'think') })

test('a think block at the head of a text goes, with the space around it', async () => {
  const thoughts = word.filter((value) => !value.includes('</think>'))
  const answer = word.map((value) => value.trimStart())
  await fc.assert(
    fc.asyncProperty(thoughts, answer, sizes, async (inside, after, cuts) => {
      const whole = `\n<think>${inside}</think>\n\n${after}`
      expect(await filtered([text(whole)], cuts)).toEqual([text(after)])
    }),
  )
})

test('any other text stays as it is', async () => {
  const others = word.filter((value) => !value.trimStart().startsWith('<think>'))
  await fc.assert(
    fc.asyncProperty(others, sizes, async (value, cuts) => {
      expect(await filtered([text(value)], cuts)).toEqual([text(value)])
    }),
  )
})

test('thinking blocks go, and what follows moves up to their place', async () => {
  const content = [
    { type: 'thinking', thinking: 'hm', signature: 's' },
    { type: 'redacted_thinking', data: 'x' },
    text('Hello'),
    text('<think> is a tag'),
  ]
  expect(await filtered(content)).toEqual(content.slice(2))
})

test('an answer that ends within its thoughts has no text', async () => {
  expect(await filtered([text('<think>and then')])).toEqual([text('')])
})

test('log-probabilities stay with their pieces', () => {
  const filter = createThoughtFilter()
  const delta = (value: string, logprob: number): KnownEvent => ({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: value, logprob },
  })
  filter.push({ type: 'content_block_start', index: 0, content_block: text('') })
  expect(filter.push(delta('<', -1))).toEqual([])
  expect(filter.push(delta('b>', -2))).toEqual([delta('<', -1), delta('b>', -2)])
})
