/** A streamed answer on its way: its end is told exactly once, whatever the client and the upstream do. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { closesWith } from '../../edge/fallback/commit.ts'
import { type ObservedEnd, observeAnswer } from '../../edge/observe-answer.ts'
import type { AnswerChunk } from '../../edge/providers/provider.ts'
import { RouterError } from '../../shared/errors.ts'
import { replay } from '../../shared/events.ts'
import { claudeMessage } from '../support/edge/messages.ts'

const EVENTS = [...replay(claudeMessage())]

function observe(events: number, breaks: boolean) {
  const ends: ObservedEnd[] = []
  const state = { closed: false }
  const client = new AbortController()
  async function* source(): AsyncGenerator<AnswerChunk> {
    for (const event of EVENTS.slice(0, events)) yield { bytes: new Uint8Array(), events: [event] }
    if (breaks) throw new RouterError('upstream', 'broken')
  }
  const chunks = closesWith(source(), () => {
    state.closed = true
  })
  const pieces = observeAnswer(
    { kind: 'stream', chunks },
    { signal: client.signal, now: () => 5, onEnd: (end) => void ends.push(end) },
  )
  return { pieces, ends, state, client }
}

test('tells the end exactly once and closes the source, in whatever order reads, closes and disconnects come', async () => {
  const step = fc.constantFrom('read', 'read', 'read', 'close', 'disconnect')
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: EVENTS.length }),
      fc.boolean(),
      fc.array(step, { maxLength: 12 }),
      fc.constantFrom('close', 'disconnect'),
      async (events, breaks, steps, last) => {
        const { pieces, ends, state, client } = observe(events, breaks)
        for (const each of [...steps, last] as const) {
          if (each === 'read') await pieces.next().catch(() => {})
          else if (each === 'close') await pieces.return()
          else client.abort()
        }
        expect(ends).toHaveLength(1)
        await expect.poll(() => state.closed).toBe(true)
      },
    ),
  )
})

test('tells what came and when its content began', async () => {
  const whole = observe(EVENTS.length, true)
  for await (const _ of whole.pieces);
  expect(whole.ends).toEqual([
    { outcome: 'completed', message: claudeMessage(), exact: true, firstContentAt: 5, errorCode: undefined },
  ])
  const broken = observe(1, true)
  await broken.pieces.next()
  await expect(broken.pieces.next()).rejects.toMatchObject({ code: 'upstream' })
  expect(broken.ends).toMatchObject([
    { outcome: 'broken', firstContentAt: undefined, errorCode: 'upstream', message: { content: [] } },
  ])
})

test('closes the source for a client that disconnects after the last event', async () => {
  const { pieces, ends, state, client } = observe(EVENTS.length, false)
  for (const _ of EVENTS) await pieces.next()
  client.abort()
  expect(ends).toMatchObject([{ outcome: 'completed' }])
  await expect.poll(() => state.closed).toBe(true)
})
