/** The rows that the local model's answers are tuned on. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readAnswerFiles } from '../../training/answer-rows.ts'
import { createDuplicateFinder, spokenIn } from '../../training/duplicates.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const FOLDER = join(import.meta.dirname, '../../training/answers')
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl'))
const rows = readAnswerFiles(files.toSorted().map((name) => join(FOLDER, name))).map(({ row }) => row)

test('are at least 8,000', () => {
  expect(rows.length).toBeGreaterThanOrEqual(8_000)
})

test('greet, thank and chat in at least 12 languages', () => {
  const chat = rows.filter(({ task }) => task === 'simple_chat')
  expect(new Set(chat.map(({ lang }) => lang)).size).toBeGreaterThanOrEqual(12)
})

test('never ask the same of the model', () => {
  const find = createDuplicateFinder()
  const repeated = rows.flatMap((row) => {
    const twin = find(row.id, spokenIn(row))
    return twin === undefined ? [] : [`${row.id} like ${twin}`]
  })
  expect(repeated).toEqual([])
})

test.each([
  [
    'a role twice',
    {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'user', content: 'b' },
      ],
    },
  ],
  ['the last word of the model', { messages: [{ role: 'assistant', content: 'a' }] }],
  ['a task that is not for a small model', { task: 'code_generation' }],
  ['a member that is not known', { anwser: 'x' }],
])('refuses %s, naming file and line', (_, change) => {
  const folder = temporaryFolder()
  const row = {
    id: 'a',
    task: 'simple_chat',
    lang: 'en',
    system: null,
    messages: [{ role: 'user', content: 'hi' }],
    answer: 'Hi!',
  }
  writeFileSync(
    join(folder, 'rows.jsonl'),
    `${JSON.stringify(row)}\n${JSON.stringify({ ...row, id: 'b', ...change })}\n`,
  )
  expect(() => readAnswerFiles([join(folder, 'rows.jsonl')])).toThrow('rows.jsonl, line 2')
})
