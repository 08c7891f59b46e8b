import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'

const SCRIPT = join(import.meta.dirname, '../../scripts/classify.ts')

function classify(lines: readonly unknown[], output: string) {
  const folder = temporaryFolder()
  const file = join(folder, 'in.jsonl')
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  writeFileSync(file, text)
  const args = [SCRIPT, file, join(folder, output)]
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return { status, stderr, text, input: () => readFileSync(file, 'utf8'), folder }
}

const ask = (content: string, more: object = {}) => ({ messages: [{ role: 'user', content }], ...more })

test('writes route, task and score for each row, in order', () => {
  const rows = [
    { id: 'a', request: ask('Hello! How are you?') },
    { id: 2, request: ask('Hello!', { tools: [{ name: 'search', input_schema: { type: 'object' } }] }) },
  ]
  const { status, folder } = classify(rows, 'out.jsonl')
  expect(status).toBe(0)
  const written = readFileSync(join(folder, 'out.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const score = expect.any(Number)
  expect(written).toEqual([
    { id: 'a', route: 'local', task: 'simple_chat', score },
    { id: 2, route: 'claude', task: 'tool_use', score },
  ])
})

test('names the line that is no row', () => {
  const { status, stderr } = classify([{ id: 1, request: ask('Hi') }, '{"id": 2'], 'out.jsonl')
  expect({ status, stderr }).toEqual({ status: 2, stderr: 'line 2 is not {"id", "request"}\n' })
})

test('never writes over its input', () => {
  const { status, stderr, text, input } = classify([{ id: 1, request: ask('Hi') }], 'in.jsonl')
  expect({ status, stderr }).toEqual({ status: 2, stderr: 'IN and OUT must be two files.\n' })
  expect(input()).toBe(text)
})
