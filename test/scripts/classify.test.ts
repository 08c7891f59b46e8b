import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { combineScores } from '../../edge/routing/second-look/combination.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { TINY_LLAMA } from '../support/tiny-decoder.ts'
import { meaninglessHead } from '../support/tiny-judge.ts'

const SCRIPT = join(import.meta.dirname, '../../scripts/classify.ts')

function classify(
  lines: readonly unknown[],
  output: string,
  env: Record<string, string> = {},
  options: readonly string[] = [],
) {
  const folder = temporaryFolder()
  const file = join(folder, 'in.jsonl')
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  writeFileSync(file, text)
  const args = [SCRIPT, file, join(folder, output), ...options]
  const { status, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { status, stderr, text, input: () => readFileSync(file, 'utf8'), folder }
}

const ask = (content: string, more: object = {}) => ({ messages: [{ role: 'user', content }], ...more })

test('writes route, task and score for each row, in order', () => {
  const rows = [
    { id: 'a', request: ask('Hello! How are you today?') },
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
    { id: 2, route: 'claude', task: 'tool_use', score, guard: 'tools required' },
  ])
})

test('names a line that is no row and goes on with the others', () => {
  const rows = [
    { id: 1, request: ask('Hi') },
    '{"id": 2',
    { id: 3, request: {} },
    { id: 3 },
    { id: 4, request: ask('Hi') },
  ]
  const { status, stderr, folder } = classify(rows, 'out.jsonl')
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr:
      'line 2: is not JSON\nline 3: messages: must be an array of messages\nline 4: is not {"id", "request"}\n',
  })
  expect(readFileSync(join(folder, 'out.jsonl'), 'utf8').match(/"id":\d/g)).toEqual(['"id":1', '"id":4'])
})

test('ends lines at line feeds only', () => {
  const { status, folder } = classify([{ id: 1, request: ask('Hi\u2028there\u2029\u0085') }], 'out.jsonl')
  expect(status).toBe(0)
  expect(readFileSync(join(folder, 'out.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1)
})

test('decides by the card of the shipped model, unless every task is named', () => {
  const rows = [{ id: 1, request: ask('What is the capital of France?') }]
  const routeWith = (env: Record<string, string>) => {
    const { folder } = classify(rows, 'out.jsonl', env)
    return JSON.parse(readFileSync(join(folder, 'out.jsonl'), 'utf8')).route
  }
  expect(routeWith({})).toBe('claude')
  expect(routeWith({ LOCAL_TASKS: 'simple_chat,simple_qa,summarization,classification' })).toBe('local')
})

test('never writes over its input', () => {
  const { status, stderr, text, input } = classify([{ id: 1, request: ask('Hi') }], 'in.jsonl')
  expect({ status, stderr }).toEqual({ status: 2, stderr: 'IN and OUT must be two files.\n' })
  expect(input()).toBe(text)
})

/** A folder with the tiny decoder, with or without a judge's head of no meaning. */
async function tinyModel(withHead: boolean): Promise<string> {
  const folder = temporaryFolder()
  for (const file of readdirSync(TINY_LLAMA)) symlinkSync(join(TINY_LLAMA, file), join(folder, file))
  if (withHead)
    writeFileSync(join(folder, 'judge.json'), await meaninglessHead(join(TINY_LLAMA, 'onnx/model.onnx')))
  return folder
}

test('lets a judge read each request, and says what both scores come to', async () => {
  const rows = [
    { id: 1, request: ask('Hello! How are you today?') },
    { id: 2, request: ask('Prove that there are infinitely many primes.') },
  ]
  const env = { JUDGE_MODEL: await tinyModel(true), MODEL_CACHE_DIR: temporaryFolder() }
  const { status, stderr, folder } = classify(rows, 'out.jsonl', env, ['--judge'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const read = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  const judged = read(readFileSync(join(folder, 'out.jsonl'), 'utf8'))
  const alone = read(readFileSync(join(classify(rows, 'out.jsonl').folder, 'out.jsonl'), 'utf8'))
  for (const [index, { score, judgeScore }] of judged.entries())
    expect(score).toBeCloseTo(combineScores(alone[index].score, judgeScore), 6)
})

test('says what to do where the model has no judge', async () => {
  const env = { JUDGE_MODEL: await tinyModel(false), MODEL_CACHE_DIR: temporaryFolder() }
  const { status, stderr } = classify([{ id: 1, request: ask('Hi') }], 'out.jsonl', env, ['--judge'])
  expect(status).toBe(2)
  expect(stderr).toContain('has no judge: npm run train-judge makes one.')
})
