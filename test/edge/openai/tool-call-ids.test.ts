/** Ids of tool calls: unique over a conversation, in the API's alphabet, and the same for a call and its result. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createToolCallIds } from '../../../edge/openai/tool-call-ids.ts'

const id = fc.oneof(
  fc.constantFrom('call_0', 'call_0_2', 'call_1', 'functions.f:0'),
  fc.string({ minLength: 1 }),
)
const turns = fc.array(fc.array(id, { maxLength: 4 }), { maxLength: 6 })

test('whatever ids a client repeats, calls stay apart and each result finds its own', () => {
  fc.assert(
    fc.property(turns, (conversation) => {
      const ids = createToolCallIds()
      const given: string[] = []
      for (const turn of conversation) {
        ids.nextTurn()
        const calls = turn.map(ids.call)
        expect(turn.map(ids.result)).toEqual(calls)
        given.push(...calls)
      }
      expect(new Set(given).size).toBe(given.length)
      for (const each of given) expect(each).toMatch(/^[a-zA-Z0-9_-]+$/)
    }),
  )
})

test('thousands of calls with one id in one turn each find their result', () => {
  const ids = createToolCallIds()
  const calls = Array.from({ length: 50_000 }, () => ids.call('call_0'))
  expect(calls.every((call) => ids.result('call_0') === call)).toBe(true)
  expect(ids.result('call_0')).toBe(calls.at(-1))
})

test('ids that are unique already stay as they are', () => {
  const ids = createToolCallIds()
  expect(['call_a', 'call_b'].map(ids.call)).toEqual(['call_a', 'call_b'])
  ids.nextTurn()
  expect(ids.call('toolu_1')).toBe('toolu_1')
})

test('a late result belongs to the latest call of its name, one without a call keeps its id', () => {
  const ids = createToolCallIds()
  ids.call('a')
  ids.nextTurn()
  expect(ids.result('a')).toBe('a')
  expect(ids.result('nobody')).toBe('nobody')
})
