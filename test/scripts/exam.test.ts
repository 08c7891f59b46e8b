/** `npm run exam` from outside, with the tiny model: what it prints, the form for a reader, what it refuses. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { makeTinyHandover } from '../support/tiny-handover.ts'

const SCRIPT = join(import.meta.dirname, '../../scripts/exam.ts')

function run(...args: string[]) {
  // Two tokens an answer: what the tiny model says means nothing.
  const env = { PATH: process.env.PATH, MODEL_CACHE_DIR: temporaryFolder(), MAX_OUTPUT_TOKENS: '2' }
  return spawnSync(process.execPath, [SCRIPT, ...args], { env, encoding: 'utf8' })
}

function tinyModel(): string {
  const folder = join(temporaryFolder(), 'tiny')
  mkdirSync(folder)
  makeTinyHandover(folder, null)
  return folder
}

test('prints the counts of a part of the exam and its failures for programs, and the table to a file', () => {
  const out = join(temporaryFolder(), 'table.md')
  const { status, stdout } = run('--model', tinyModel(), '--kind', 'spam', '--json', '--out', out)
  expect(status).toBe(0)
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({
    model: expect.stringMatching(/^tiny \(\w+\), \d+ answers at a time, \d{4}-\d\d-\d\d$/),
    all: { items: 22, medianTokens: 2, interval: { lower: expect.any(Number), upper: expect.any(Number) } },
    byTask: { classification: { items: 22 } },
    byKind: { spam: { items: 22 } },
  })
  expect(report.failures).toHaveLength(22 - report.all.passed)
  expect(readFileSync(out, 'utf8')).toMatch(/\| spam \| 22 \| \d+ \|/)
})

test('shows another model’s report on the same items beside it', () => {
  const [model, beside] = [tinyModel(), join(temporaryFolder(), 'report.json')]
  writeFileSync(beside, run('--model', model, '--kind', 'spam', '--json').stdout)
  const { stdout } = run('--model', model, '--kind', 'spam', '--beside', beside)
  expect(stdout).toMatch(/\n\| spam \| 22 \| (\S+) \| \1 \|\n/)
})

test('draws a form for a reader, which is read back once it is filled in', () => {
  const { status, stdout } = run('--model', tinyModel(), '--task', 'summarization', '--read', '3')
  expect(status).toBe(0)
  const rows = stdout.trim().split('\n')
  expect(rows).toHaveLength(3)
  const form = join(temporaryFolder(), 'form.jsonl')
  writeFileSync(form, stdout)
  expect(run('--verdicts', form)).toMatchObject({ status: 2, stderr: expect.stringContaining('line 1') })
  const filled = rows.map((row) =>
    JSON.stringify({ ...JSON.parse(row), verdict: 'harmful', why: 'It is noise.' }),
  )
  writeFileSync(form, filled.join('\n'))
  expect(run('--verdicts', form).stdout).toMatch(/^3 answers read: \d passed .* 3 harmful\./)
})

test('writes no card from a part of the items', () => {
  const folder = tinyModel()
  const { status, stderr } = run('--model', folder, '--kind', 'spam', '--write')
  expect([status, stderr]).toEqual([2, '--write needs all items.\n'])
  expect(existsSync(join(folder, 'model-card.json'))).toBe(false)
})

test.each([
  ['--read', '0', '--read: must be a whole number'],
  ['--kind', 'riddles', 'no such items'],
  ['--modle', 'x', 'Usage: npm run exam'],
])('refuses %s %s', (option, value, said) => {
  expect(run(option, value)).toMatchObject({ status: 2, stderr: expect.stringContaining(said) })
})
