/** What `npm run train-answers` refuses before it tunes anything. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXAM_FOLDER, readExamItems } from '../../training/exam/exam-item.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const SCRIPT = join(import.meta.dirname, '../../scripts/train-answers.ts')
const row = {
  id: 'own-1',
  task: 'simple_chat',
  lang: 'en',
  system: null,
  messages: [{ role: 'user', content: 'Is the lab open on Sundays, as the sign beside the door says?' }],
  answer: 'I cannot see your sign.',
}

function run(rows: readonly unknown[], ...args: string[]) {
  const file = join(temporaryFolder(), 'rows.jsonl')
  writeFileSync(file, rows.map((each) => JSON.stringify(each)).join('\n'))
  return spawnSync(process.execPath, [SCRIPT, '--add', file, ...args], { encoding: 'utf8' })
}

test('without rows it says what is missing', () => {
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT], { encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr).toContain('--add is missing')
})

test('a row without an answer is named by file and line', () => {
  const { status, stderr } = run([row, { ...row, id: 'own-2', answer: '' }])
  expect(status).toBe(2)
  expect(stderr).toContain('rows.jsonl, line 2')
})

test('a row that asks what the exam asks is refused', () => {
  const items = readExamItems(EXAM_FOLDER)
  const item = items.find(({ messages }) => (messages.at(-1)?.content.length ?? 0) > 60)
  const { status, stderr } = run([
    row,
    { ...row, id: 'own-2', system: item?.system, messages: item?.messages },
  ])
  expect(status).toBe(2)
  expect(stderr).toMatch(/rows\.jsonl, line 2: .*of the exam asks/)
})

test('rows that only look like items of the exam by their ids are taken', () => {
  const { stderr } = run(
    [
      { ...row, id: 'ex-1' },
      { ...row, id: 'ex-2' },
    ],
    '--python',
    '/nowhere/python',
  )
  expect(stderr).toContain('/nowhere/python')
})

test('an id that is taken is named with both places, in other files, too', () => {
  const folder = temporaryFolder()
  const files = ['a.jsonl', 'b.jsonl'].map((name) => join(folder, name))
  for (const file of files) writeFileSync(file, JSON.stringify(row))
  const args = files.flatMap((file) => ['--add', file])
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' })
  expect(status).toBe(2)
  expect(stderr).toContain(`${files[1]}, line 1: the id own-1 is taken by ${files[0]}, line 1.`)
})

test.each([
  ['--epochs', '1.5'],
  ['--rate', '0'],
])('%s %s is refused before anything runs', (option, value) => {
  const { status, stderr } = run([row], option, value)
  expect(status).toBe(2)
  expect(stderr).toContain(`${option}: must be`)
})

test('the new model must not be written over the old one', () => {
  const { status, stderr } = run([row], '--model', 'models/some', '--out', 'models/some/')
  expect(status).toBe(2)
  expect(stderr).toContain('--out')
})

test('where there is no Python it says which one was looked for', () => {
  const { status, stderr } = run([row], '--python', '/nowhere/python')
  expect(status).toBe(2)
  expect(stderr).toContain('/nowhere/python')
})
