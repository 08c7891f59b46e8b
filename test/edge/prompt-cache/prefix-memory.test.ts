/** What is worth a mark: told by when prompts come back, and by what Claude's usage says of those that were marked. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIFE_MS } from '../../../edge/prompt-cache/cached-prefix.ts'
import { createPrefixMemory, type Prompt } from '../../../edge/prompt-cache/prefix-memory.ts'
import type { Usage } from '../../../shared/messages.ts'

const MINUTE = 60_000
const WROTE = { cache_creation_input_tokens: 1_000, cache_read_input_tokens: 0 }
const READ = { cache_creation_input_tokens: 0, cache_read_input_tokens: 1_000 }

let number = 0
/** A question that nobody has asked before, under instructions that others share. */
function question(parts: Partial<Prompt> = {}): Prompt {
  return {
    scope: 'tenant alice claude-sonnet-5-5',
    instructions: { id: 'bot', markable: true },
    conversation: { before: undefined, after: `question${++number}`, markable: true },
    size: 4_000,
    ...parts,
  }
}

const turn = (talk: string, at: number, size = 4_000): Prompt =>
  question({
    instructions: { id: 'none', markable: false },
    conversation: {
      before: at === 1 ? undefined : `${talk}${at - 1}`,
      after: `${talk}${at}`,
      markable: true,
    },
    size,
  })

/** Sends prompts one after the other, each answered at once. */
function send(
  memory: ReturnType<typeof createPrefixMemory>,
  prompt: Prompt,
  at: number,
  usage: Usage = WROTE,
) {
  const { instructions, conversation, begun, settle } = memory.consider(prompt, at)
  begun()
  settle(usage)
  return { instructions, conversation }
}

describe('instructions that many conversations share', () => {
  test('are marked once they are seen again within the cache’s life', () => {
    const memory = createPrefixMemory()
    expect(send(memory, question(), 0).instructions).toBe('first_sight')
    expect(send(memory, question(), LIFE_MS - 1).instructions).toBe('added')
  })

  test('are not where that life is over', () => {
    const memory = createPrefixMemory()
    send(memory, question(), 0)
    expect(send(memory, question(), LIFE_MS).instructions).toBe('first_sight')
  })

  test('stay marked over a pause where they usually come back', () => {
    const memory = createPrefixMemory()
    for (let at = 0; at < 5; at++) send(memory, question(), at * MINUTE, READ)
    expect(send(memory, question(), 60 * MINUTE).instructions).toBe('added')
  })

  test('are given up after four writes that nobody read, and say so', () => {
    const memory = createPrefixMemory()
    for (let at = 0; at < 5; at++) send(memory, question(), at * MINUTE, READ)
    const later = [1, 2, 3, 4, 5].map((hour) => send(memory, question(), hour * 60 * MINUTE).instructions)
    expect(later).toEqual(['added', 'added', 'added', 'unread_writes', 'unread_writes'])
  })

  test('come back when they repeat quickly', () => {
    const memory = createPrefixMemory()
    for (let hour = 0; hour < 20; hour++) send(memory, question(), hour * 60 * MINUTE)
    const again = [0, 1, 2, 3].map((minute) => send(memory, question(), (20 * 60 + minute) * MINUTE))
    expect(again.map(({ instructions }) => instructions)).toEqual([
      'first_sight',
      'first_sight',
      'first_sight',
      'added',
    ])
  })

  test('are given up where Claude writes them anew every time, and tried again ever more seldom', () => {
    const memory = createPrefixMemory()
    const marked = Array.from({ length: 400 }, (_, at) => send(memory, question(), at * MINUTE).instructions)
    const written = marked.map((reason) => (reason === 'added' ? 1 : 0))
    expect(written.slice(0, 10)).toContain(1)
    expect(written.slice(0, 100).filter(Boolean).length).toBeLessThan(25)
    expect(written.slice(300).filter(Boolean).length).toBeLessThan(10)
  })

  test('are written by one of several requests at a time: nobody can read them before its answer begins', () => {
    const memory = createPrefixMemory()
    send(memory, question(), 0)
    const sent = [1, 2, 3].map((at) => memory.consider(question(), at))
    expect(sent.map(({ instructions }) => instructions)).toEqual(['added', 'being_written', 'being_written'])
    sent[0]?.begun()
    expect(memory.consider(question(), 4).instructions).toBe('added')
  })

  test('are not where they only come several at once, which nobody could read', () => {
    const memory = createPrefixMemory()
    for (let hour = 0; hour < 20; hour++) {
      const sent = [0, 1, 2].map((at) => memory.consider(question(), hour * 60 * MINUTE + at))
      expect(sent.map(({ instructions }) => instructions)).toEqual(Array(3).fill('first_sight'))
      for (const { begun, settle } of sent) {
        begun()
        settle({ input_tokens: 1_000 })
      }
    }
  })

  test('are written by another one where the first is never answered', () => {
    const memory = createPrefixMemory()
    for (const at of [0, 1]) memory.consider(question(), at)
    expect(memory.consider(question(), 30_000).instructions).toBe('added')
  })

  test('are written by another one at once where the first was not answered', () => {
    const memory = createPrefixMemory()
    send(memory, question(), 0)
    memory.consider(question(), 1).abandoned()
    expect(memory.consider(question(), 2).instructions).toBe('added')
  })

  test('stay being written by the one that took over where the first is given up late', () => {
    const memory = createPrefixMemory()
    const sent = [0, 1, 30_000].map((at) => memory.consider(question(), at))
    sent[1]?.abandoned()
    expect(memory.consider(question(), 30_001).instructions).toBe('being_written')
    sent[2]?.abandoned()
    expect(memory.consider(question(), 30_002).instructions).toBe('added')
  })

  test('are nothing to other callers and other models', () => {
    const memory = createPrefixMemory()
    for (const at of [0, 1, 2]) send(memory, question(), at)
    expect(send(memory, question({ scope: 'tenant bob claude-sonnet-5-5' }), 3).instructions).toBe(
      'first_sight',
    )
  })
})

describe('a conversation', () => {
  test('is marked from its second turn on, then from the first where others went on', () => {
    const memory = createPrefixMemory()
    const first = [1, 2, 3].map((at) => send(memory, turn('a', at), at * 10_000, READ).conversation)
    expect(first).toEqual(['first_sight', 'added', 'added'])
    expect(send(memory, turn('b', 1), 40_000).conversation).toBe('added')
  })

  test('that nobody goes on with is not marked: single questions write nothing', () => {
    const memory = createPrefixMemory()
    const reasons = Array.from({ length: 100 }, (_, at) => send(memory, question(), at * MINUTE).conversation)
    expect(new Set(reasons)).toEqual(new Set(['first_sight']))
  })

  test('goes on from any of its turns', () => {
    const memory = createPrefixMemory()
    for (const at of [1, 2, 3]) send(memory, turn('a', at), at * 10_000, READ)
    const fork = question({ ...turn('a', 1), conversation: { before: 'a2', after: 'other', markable: true } })
    expect(send(memory, fork, 40_000).conversation).toBe('added')
  })

  test('that is sent several times at once is written once, and read by those that come after', () => {
    const memory = createPrefixMemory()
    send(memory, turn('a', 1), 0)
    const sent = [1, 2, 3].map((at) => memory.consider(turn('a', 1), at))
    expect(sent.map(({ conversation }) => conversation)).toEqual(['added', 'being_written', 'being_written'])
    sent[0]?.begun()
    sent[0]?.settle(WROTE)
    expect(memory.consider(turn('a', 1), 4).conversation).toBe('added')
  })

  test('is not marked where each prompt comes several times at once and then never again', () => {
    const memory = createPrefixMemory()
    for (let at = 0; at < 50; at++) {
      const sent = [0, 1, 2, 3, 4].map((later) => memory.consider(turn(`p${at}`, 1), at * MINUTE + later))
      expect(sent.map(({ conversation }) => conversation)).toEqual(Array(5).fill('first_sight'))
      for (const { begun } of sent) begun()
    }
  })

  test('that is asked again word for word counts as one that goes on', () => {
    const memory = createPrefixMemory()
    const same = turn('faq', 1)
    expect([0, 1_000, 2_000].map((at) => send(memory, same, at, READ).conversation)).toEqual([
      'first_sight',
      'added',
      'added',
    ])
  })

  test('is not read for a document that is much longer than what it would save', () => {
    const memory = createPrefixMemory()
    send(memory, turn('a', 1), 0)
    send(memory, turn('a', 2), 10_000)
    // Neither third turns nor such ones have ever been followed by another.
    for (const talk of ['b', 'c', 'd', 'e'])
      for (const at of [1, 2, 3]) send(memory, turn(talk, at), 20_000 + at)
    const reason = memory.preview(turn('a', 3, 400_000), 400_000 - 120_000).conversation
    expect(reason).toBe('unread_writes')
  })

  test('that Claude twice did not find again is left alone', () => {
    const memory = createPrefixMemory()
    const reasons = [1, 2, 3, 4, 5].map((at) => send(memory, turn('a', at), at * 10_000).conversation)
    expect(reasons).toEqual(['first_sight', 'added', 'added', 'added', 'unread_writes'])
  })
})

test('a preview counts nothing and says what the next request is told', () => {
  const step = fc.record({
    gap: fc.constantFrom(1_000, MINUTE, 6 * MINUTE),
    talk: fc.constantFrom('a', 'b'),
    goesOn: fc.boolean(),
    usage: fc.constantFrom(WROTE, READ, {}),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const memory = createPrefixMemory({ maxInstructions: 2, maxConversations: 5 })
      let at = 0
      const turns: Record<string, number> = { a: 0, b: 0 }
      for (const { gap, talk, goesOn, usage } of steps) {
        at += gap
        turns[talk] = goesOn ? (turns[talk] ?? 0) + 1 : 1
        const prompt = question({ conversation: turn(talk, turns[talk]).conversation })
        const [once, twice] = [memory.preview(prompt, at), memory.preview(prompt, at)]
        const told = send(memory, prompt, at, usage)
        expect([once, twice]).toEqual([told, told])
      }
    }),
  )
})

test('writes at most four times for each quick return, whatever comes when', () => {
  const gap = fc.oneof(
    fc.constantFrom(1_000, 4 * MINUTE, LIFE_MS, 6 * MINUTE, 60 * MINUTE),
    fc.integer({ min: 1, max: 20 * MINUTE }),
  )
  fc.assert(
    fc.property(fc.array(gap, { minLength: 1, maxLength: 200 }), (gaps) => {
      const memory = createPrefixMemory()
      let at = 0
      let warmUntil = Number.NEGATIVE_INFINITY
      let writes = 0
      let returns = 0
      for (const [index, each] of gaps.entries()) {
        at += each
        if (index > 0 && each < LIFE_MS) returns++
        const isWarm = at < warmUntil
        const { instructions } = send(memory, question(), at, isWarm ? READ : WROTE)
        if (instructions === 'added' && !isWarm) writes++
        if (instructions === 'added') warmUntil = at + LIFE_MS
        expect(writes).toBeLessThanOrEqual(4 * returns)
        // What is warm is read: not to mark it would throw away what has been paid for.
        if (isWarm) expect(instructions).toBe('added')
      }
    }),
  )
})
