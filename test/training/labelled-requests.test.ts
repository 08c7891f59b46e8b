/** Rows of labelled requests: what is read of them, and what is refused. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readLabelledRequests, spokenText } from '../../training/labelled-requests.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const own = (id: string, more: object = {}) => ({
  id,
  intent: 'greeting',
  task: 'simple_chat',
  label: 'simple',
  language: 'en',
  turns: [`Hello from ${id}`],
  ...more,
})
const complex = { label: 'complex', task: 'code_generation', intent: 'script' }

function write(lines: readonly (object | string)[], folder = temporaryFolder(), name = 'rows.jsonl'): string {
  const file = join(folder, name)
  writeFileSync(
    file,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  )
  return file
}
const read = (...lines: readonly (object | string)[]) => readLabelledRequests([write(lines)], 'reject')

test('makes a request of turns, the first and the last of them the user’s', () => {
  const turns = ['hi', 'Hello!', 'thanks']
  expect(read(own('a', { turns, system: 'Be kind.', sensitive: 'health' }))).toEqual([
    {
      id: 'a',
      source: 'greeting',
      complex: false,
      task: 'simple_chat',
      language: 'en',
      sensitive: true,
      partner: undefined,
      request: expect.objectContaining({
        system: 'Be kind.',
        messages: turns.map((content, at) => ({ role: at === 1 ? 'assistant' : 'user', content })),
      }),
    },
  ])
})

test('reads whole requests, of which it may not be known what they are', () => {
  const request = { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }], tools: [] }
  const [bare, named] = read({ id: 1, label: 'complex', request }, '', {
    id: 2,
    label: 'simple',
    source: 'log',
    lang: 'fr',
    task: 'unheard',
    request: { ...request, messages: [{ role: 'user', content: 'Ça va ?' }] },
  })
  expect(bare).toMatchObject({
    id: '1',
    source: 'added',
    complex: true,
    task: undefined,
    language: undefined,
  })
  expect(bare?.sensitive).toBeUndefined()
  expect(bare?.request).toMatchObject({ model: 'auto', max_tokens: 9, tools: [] })
  expect(named).toMatchObject({ id: '2', source: 'log', complex: false, task: undefined, language: 'fr' })
})

test('reads the rows of a folder, file by file', () => {
  const folder = temporaryFolder()
  write([own('b')], folder, 'b.jsonl')
  write([own('a')], folder, 'a.jsonl')
  write(['notes'], folder, 'notes.txt')
  expect(readLabelledRequests([folder], 'reject').map(({ id }) => id)).toEqual(['a', 'b'])
})

test('says a request’s texts in their order', () => {
  const [row] = read(own('a', { turns: ['one', 'two', 'three'], system: 'zero' }))
  expect(row && spokenText(row)).toBe('zero\none\ntwo\nthree')
})

test('rejects, skips or keeps what says the same as a row before', () => {
  const file = write([own('a'), own('b', { turns: ['HELLO from a!'] })])
  expect(() => readLabelledRequests([file], 'reject')).toThrow(/line 2: b says nearly the same as a/)
  expect(readLabelledRequests([file], 'skip').map(({ id }) => id)).toEqual(['a'])
  expect(readLabelledRequests([file], 'keep').map(({ id }) => id)).toEqual(['a', 'b'])
})

test('leaves out what repeats rows that were read before, under whichever id', () => {
  const before = read(own('a'), own('b'))
  const file = write([own('a'), own('c', { turns: ['HELLO from b!'] }), own('d')])
  expect(readLabelledRequests([file], 'skip', before).map(({ id }) => id)).toEqual(['d'])
  expect(() => readLabelledRequests([file], 'keep', before)).toThrow(/line 1: the id a is taken/)
})

test('finds partners among rows that were read before, and keeps a row whose partner is left out', () => {
  const before = read(own('a'))
  const file = write([
    own('b', { ...complex, turns: ['Sort it'], partner: 'a' }),
    own('c', { turns: ['Hello from a'] }),
    own('d', { ...complex, turns: ['Sort them'], partner: 'c' }),
  ])
  const rows = readLabelledRequests([file], 'skip', before)
  expect(rows.map(({ id, partner }) => [id, partner])).toEqual([
    ['b', 'a'],
    ['d', undefined],
  ])
})

test('takes rows of both labels for partners', () => {
  const rows = read(own('a', { partner: 'b' }), own('b', { ...complex, partner: 'a' }))
  expect(rows.map(({ partner }) => partner)).toEqual(['b', 'a'])
})

test.each<[string, readonly (object | string)[], RegExp]>([
  ['no JSON', [own('a'), '{"id":'], /rows\.jsonl, line 2: is not JSON/],
  ['an id twice', [own('a'), own('a', { turns: ['else'] })], /line 2: the id a is taken/],
  [
    'a task of the other label',
    [own('a', { task: 'code_generation' })],
    /line 1: a simple request cannot be code_generation/,
  ],
  ['an unknown label', [own('a', { label: 'medium' })], /line 1:[\s\S]*label/],
  ['an unknown field', [own('a', { tirns: [] })], /line 1:[\s\S]*tirns/],
  [
    'a turn of the assistant at the end',
    [own('a', { turns: ['a', 'b'] })],
    /must end with a turn of the user/,
  ],
  ['a partner that is not there', [own('a', { partner: 'b' })], /line 1: a: its partner b is missing/],
  [
    'a partner of the same label',
    [own('a', { partner: 'b' }), own('b')],
    /line 1: a: its partner has the same label/,
  ],
  ['a request that is none', [{ id: 1, label: 'simple', request: { messages: 'hi' } }], /line 1:/],
])('refuses %s, by file and line', (_, lines, problem) => {
  expect(() => read(...lines)).toThrow(problem)
})
