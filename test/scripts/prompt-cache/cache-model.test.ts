/** The model of Claude's cache keeps to what the documentation says. */
import { expect, test } from 'vitest'
import {
  createCacheModel,
  promptCost,
  type SimulatedRequest,
} from '../../../scripts/prompt-cache/cache-model.ts'

const BOTH = { instructions: true, conversation: true }
const CONVERSATION = { instructions: false, conversation: true }
const INSTRUCTIONS = { instructions: true, conversation: false }
const MINUTE = 60_000

function turn(at: number, count: number, parts: Partial<SimulatedRequest> = {}): SimulatedRequest {
  return {
    at,
    scope: 'a',
    instructions: { id: 'bot', tokens: 1_000 },
    conversation: { before: count === 1 ? undefined : `turn${count - 1}`, after: `turn${count}` },
    tokens: 1_000 + count * 100,
    leastTokens: 512,
    beginsMs: 1_000,
    endsMs: 2_000,
    ...parts,
  }
}

test('a turn reads what the turn before wrote, and writes what it adds', () => {
  const { send } = createCacheModel()
  expect(send(turn(0, 1), CONVERSATION)).toEqual({ input: 0, written: 1_100, read: 0 })
  expect(send(turn(MINUTE, 2), CONVERSATION)).toEqual({ input: 0, written: 100, read: 1_100 })
})

test('what is read lives on, what is not ends after five minutes', () => {
  const { send } = createCacheModel()
  send(turn(0, 1), CONVERSATION)
  for (const at of [4, 8, 12]) expect(send(turn(at * MINUTE, 1), CONVERSATION).read).toBe(1_100)
  expect(send(turn(17 * MINUTE, 1), CONVERSATION)).toEqual({ input: 0, written: 1_100, read: 0 })
})

test('without a mark nothing is read or written', () => {
  const { send } = createCacheModel()
  send(turn(0, 1), BOTH)
  expect(send(turn(MINUTE, 2), { instructions: false, conversation: false })).toEqual({
    input: 1_200,
    written: 0,
    read: 0,
  })
})

test('another conversation reads the instructions where they were marked, not what was only passed over', () => {
  const other = turn(MINUTE, 1, { conversation: { before: undefined, after: 'other' } })
  const shared = createCacheModel()
  shared.send(turn(0, 1), BOTH)
  expect(shared.send(other, INSTRUCTIONS)).toEqual({ input: 100, written: 0, read: 1_000 })
  const alone = createCacheModel()
  alone.send(turn(0, 1), CONVERSATION)
  expect(alone.send(other, INSTRUCTIONS)).toEqual({ input: 100, written: 1_000, read: 0 })
})

test('nobody reads before the answer of the one who writes has begun', () => {
  const { send } = createCacheModel()
  send(turn(0, 1), INSTRUCTIONS)
  expect(send(turn(999, 1), INSTRUCTIONS).read).toBe(0)
  expect(send(turn(1_000, 1), INSTRUCTIONS).read).toBe(1_000)
})

test('what is too short for the model, another caller’s or too long ago in the conversation is not found', () => {
  const { send } = createCacheModel()
  expect(send(turn(0, 1, { leastTokens: 4_096 }), BOTH)).toEqual({ input: 1_100, written: 0, read: 0 })
  send(turn(0, 1), CONVERSATION)
  expect(send(turn(MINUTE, 1, { scope: 'b' }), CONVERSATION).read).toBe(0)
  for (let count = 2; count < 12; count++)
    send(turn(MINUTE, count), { instructions: false, conversation: false })
  expect(send(turn(MINUTE, 12), CONVERSATION).read).toBe(0)
})

test('a write costs a quarter more than input, a read a tenth of it', () => {
  expect(promptCost({ input: 100, written: 100, read: 100 })).toBe(235)
})
