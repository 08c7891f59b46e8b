import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Prompt } from '../../../../inference/engine/engine.ts'
import { judgedPrompt } from '../../../../inference/engine/judge/judged-prompt.ts'

/** A token for each character, in a template of its own. */
const encode = ({ system = '', turns }: Prompt) =>
  Array.from(
    `[${system.trim()}]${turns.map(({ role, text }) => `<${role}>${text.trim()}`).join('')}<assistant>`,
    (character) => character.codePointAt(0) ?? 0,
  )
const textOf = (ids: readonly number[]) => String.fromCodePoint(...ids)
const LONG = { head: 1000, tail: 1000 }

test('looks at the last user turn up to the prompt’s end', () => {
  const look = (prompt: Prompt) => {
    const ids = encode(prompt)
    const judged = judgedPrompt(prompt, ids, encode, LONG)
    expect(judged.ids).toBe(ids)
    return textOf(ids.slice(judged.from))
  }
  const asked = { role: 'user', text: 'a cat?' } as const
  expect(look({ turns: [asked] })).toBe('a cat?<assistant>')
  expect(look({ system: 'Be brief.', turns: [{ role: 'user', text: '  1 + 1' }] })).toBe('1 + 1<assistant>')
  const talk = [asked, { role: 'assistant', text: 'Yes.' }, { role: 'user', text: 'Why?' }] as const
  expect(look({ turns: talk })).toBe('Why?<assistant>')
  // An answer that the client has begun belongs to what is judged.
  expect(look({ turns: [asked, { role: 'assistant', text: 'It is' }] })).toBe(
    'a cat?<assistant>It is<assistant>',
  )
})

test('reads a long prompt’s beginning and end, and looks at what is there of the last turn', () => {
  const size = fc.integer({ min: 1, max: 40 })
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), size, size, (system, text, head, tail) => {
      const prompt: Prompt = { system, turns: [{ role: 'user', text }] }
      const ids = encode(prompt)
      const start = judgedPrompt(prompt, ids, encode, LONG).from
      const judged = judgedPrompt(prompt, ids, encode, { head, tail })
      expect(judged.ids).toHaveLength(Math.min(ids.length, head + tail))
      expect(judged.ids.slice(-tail)).toEqual(ids.slice(-tail))
      expect(judged.from).toBeLessThan(judged.ids.length)
      // Positions of the last turn, and no others.
      const kept = ids
        .map((_, position) => position)
        .filter((position) => position < head || position >= ids.length - tail)
      const positions = ids.length <= head + tail ? ids.map((_, position) => position) : kept
      expect(judged.from).toBe(positions.findIndex((position) => position >= start))
    }),
  )
})
