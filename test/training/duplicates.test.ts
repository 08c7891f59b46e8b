/** Which requests say nearly the same. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDuplicateFinder, spokenIn } from '../../training/duplicates.ts'

const LONG =
  'Could you please explain to my little brother how a refrigerator keeps the milk cold all day long?'

const once = (text: string) => ({ whole: text, lastTurn: text })

/** Returns the id that the second request is taken for. */
function twinOf(first: string, second: string): string | undefined {
  const find = createDuplicateFinder()
  find('first', once(first))
  return find('second', once(second))
}

test('takes requests for the same whose letters differ in case and whose words are set apart otherwise', () => {
  const words = fc.array(fc.stringMatching(/^[a-zäé]{1,9}$/), { minLength: 1, maxLength: 30 })
  const marks = fc.array(fc.constantFrom(' ', ', ', ' - ', '.\n', '!  '), { minLength: 1 })
  fc.assert(
    fc.property(words, marks, (said, between) => {
      const other = said.map((word, at) => word.toUpperCase() + between[at % between.length]).join('')
      expect(twinOf(said.join(' '), other)).toBe('first')
    }),
  )
})

test('takes long requests for alike that differ in a number or a word, and not short ones', () => {
  expect(twinOf(`${LONG} It has 3 shelves.`, `${LONG} It has 4 shelves.`)).toBe('first')
  expect(twinOf(LONG, LONG.replace('milk', 'beer'))).toBe('first')
  expect(twinOf('What is 3 + 4?', 'What is 3 + 5?')).toBeUndefined()
})

test('tells a question from a statement, and one thing from another', () => {
  expect(twinOf('ok', 'ok?')).toBeUndefined()
  expect(
    twinOf(LONG, 'Write a poem about a refrigerator that dreams of the sea, with four verses.'),
  ).toBeUndefined()
})

test('tells requests apart that share a conversation and end differently', () => {
  const find = createDuplicateFinder()
  const conversation = `${LONG} ${'Because a pump moves the warmth from inside to the outside. '.repeat(3)}`
  const ending = (lastTurn: string) => ({ whole: `${conversation}\n${lastTurn}`, lastTurn })
  expect(find('thanks', ending('Thank you very much, now I understand it at last!'))).toBeUndefined()
  expect(find('code', ending('Now write a simulation of that pump in C, please.'))).toBeUndefined()
  expect(find('again', ending('Thank you very much, now I understand it at last.'))).toBe('thanks')
})

test('names the first of those that are the same', () => {
  const find = createDuplicateFinder()
  const found = ['a', 'b', 'c'].map((id) => find(id, once('Hello!')))
  expect(found).toEqual([undefined, 'a', 'a'])
})

test('keeps no request without an id, and finds what it is like all the same', () => {
  const find = createDuplicateFinder()
  find('kept', once(LONG))
  for (const text of [LONG, `${LONG} Thanks!`]) expect(find(undefined, once(text))).toBe('kept')
  for (const text of ['Hello!', LONG.replace(/^.*refrigerator/, 'Tell me, please, how it is that a cellar')])
    for (let round = 0; round < 2; round++) expect(find(undefined, once(text))).toBeUndefined()
})

test('says system prompt and messages in their order, and the last of them', () => {
  const messages = [{ content: 'hi' }, { content: 'Hello!' }, { content: 'bye' }]
  expect(spokenIn({ system: 'Be kind.', messages })).toEqual({
    whole: 'Be kind.\nhi\nHello!\nbye',
    lastTurn: 'bye',
  })
})
