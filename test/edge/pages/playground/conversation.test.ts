/** The chat as a value: what happens to it, and what the next request sees of it. */
import { expect, test } from 'vitest'
import type { AnswerEvent } from '../../../../edge/pages/playground/answer-events.ts'
import { createAskRequest, type Side, USUAL_OPTIONS } from '../../../../edge/pages/playground/ask-options.ts'
import {
  afterwards,
  type Happened,
  messagesFor,
  otherSides,
  type Turn,
} from '../../../../edge/pages/playground/conversation.ts'

const asked = (turn: number, answer: number, text: string, force?: Side): Happened => ({
  kind: 'asked',
  turn,
  answer,
  text,
  force,
  request: createAskRequest(USUAL_OPTIONS, [{ role: 'user', content: text }], force),
})
const event = (answer: number, event: AnswerEvent, at = 0): Happened => ({ kind: 'event', answer, event, at })
const opened = (route: string | undefined): AnswerEvent => ({
  kind: 'opened',
  facts: {
    requestId: 'req_1',
    route,
    model: 'm',
    reason: 'r',
    task: 't',
    score: 0,
    cache: 'miss',
    fallback: undefined,
  },
})
const text = (of: string): AnswerEvent => ({ kind: 'text', text: of })
const ended: AnswerEvent = { kind: 'ended', stopReason: 'end_turn' }
const failed: AnswerEvent = { kind: 'failed', error: { type: 'api_error', message: 'No.' } }
const play = (...happened: Happened[]): readonly Turn[] => happened.reduce(afterwards, [])

test('collects an answer with the times of its first word and its end', () => {
  const [turn] = play(
    asked(1, 2, 'Hi'),
    event(2, opened('local'), 5),
    event(2, text('Good '), 20),
    event(2, text('morning'), 30),
    event(2, { kind: 'usage', inputTokens: 3, outputTokens: 2 }, 40),
    event(2, ended, 41),
  )
  expect(turn?.answers).toMatchObject([
    {
      text: 'Good morning',
      state: 'done',
      firstWordMs: 20,
      totalMs: 41,
      inputTokens: 3,
      outputTokens: 2,
      model: 'm',
    },
  ])
})

test('two answers of one turn run beside each other', () => {
  const [turn] = play(
    asked(1, 2, 'Hi'),
    asked(1, 3, 'Hi', 'claude'),
    event(3, text('C')),
    event(2, text('L')),
    event(3, ended),
  )
  expect(turn?.answers.map(({ text: of, state }) => [of, state])).toEqual([
    ['L', 'streaming'],
    ['C', 'done'],
  ])
})

test('what was stopped keeps its text, what has ended is not stopped any more', () => {
  const [turn] = play(asked(1, 2, 'Hi'), event(2, text('Go')), { kind: 'stopped', answer: 2, at: 9 })
  expect(turn?.answers).toMatchObject([{ state: 'stopped', text: 'Go', totalMs: 9 }])
  const [done] = play(asked(1, 2, 'Hi'), event(2, ended, 3), { kind: 'stopped', answer: 2, at: 9 })
  expect(done?.answers).toMatchObject([{ state: 'done', totalMs: 3 }])
})

test('what comes after a new chat began changes nothing', () => {
  expect(play(asked(1, 2, 'Hi'), { kind: 'cleared' }, event(2, text('late')))).toEqual([])
})

test('the next request sees the first usable answer of each turn before, and no turn without one', () => {
  const turns = play(
    asked(1, 2, 'one'),
    event(2, failed),
    asked(1, 3, 'one', 'local'),
    event(3, text('1')),
    event(3, ended),
    asked(4, 5, 'two'),
    event(5, failed),
    asked(6, 7, 'three'),
    event(7, text('half')),
    { kind: 'stopped', answer: 7, at: 1 },
  )
  expect(messagesFor(turns, 8, 'four')).toEqual([
    { role: 'user', content: 'one' },
    { role: 'assistant', content: '1' },
    { role: 'user', content: 'three' },
    { role: 'assistant', content: 'half' },
    { role: 'user', content: 'four' },
  ])
  // Asked again of the other side, a turn sees only what was before it.
  expect(messagesFor(turns, 4, 'two').map(({ content }) => content)).toEqual(['one', '1', 'two'])
})

test('offers the sides that have not been asked, once nothing is open', () => {
  const sides = (...happened: Happened[]) => play(asked(1, 2, 'Hi'), ...happened).map(otherSides)
  expect(sides(event(2, opened('local')))).toEqual([[]])
  expect(sides(event(2, opened('local')), event(2, ended))).toEqual([['claude']])
  expect(sides(event(2, opened('claude')), event(2, ended))).toEqual([['local']])
  expect(
    sides(event(2, opened('local')), event(2, ended), asked(1, 3, 'Hi', 'claude'), event(3, failed)),
  ).toEqual([[]])
})
