/** `npm run train-judge`: a head for any model whose states can be read, from labelled rows. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readJudgeHead } from '../../inference/engine/judge/judge-head.ts'
import { SHIPPED_DIR } from '../../inference/models/resolve.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { TINY_LLAMA } from '../support/tiny-decoder.ts'

const SCRIPT = join(import.meta.dirname, '../../scripts/train-judge.ts')
const TINY_T5 = join(TINY_LLAMA, '../tiny-t5')

const TEXTS = {
  simple: [
    'Hello there, how are you today?',
    'Thanks for the tea!',
    'Good morning, dear friend.',
    'What a nice evening this is!',
    'Bye, see you tomorrow then.',
    'Lovely weather on the coast.',
  ],
  complex: [
    'Prove that two is prime.',
    'Write a sort in Rust now.',
    'Refactor this module, please.',
    'Plan a database migration.',
    'Derive the gradient of that loss.',
    'Explain the halting problem.',
  ],
}
const rows = (['simple', 'complex'] as const).flatMap((label) =>
  TEXTS[label].map((text, at) => ({
    id: `${label} ${at}`,
    intent: `${label} ${at % 3}`,
    label,
    task: label === 'simple' ? 'simple_chat' : 'code_generation',
    language: 'en',
    turns: [text],
  })),
)
/** The same texts as from elsewhere: random weights have learned nothing of other texts, and such a head is refused. */
const measured = rows.map((row) => ({ ...row, intent: `other ${row.intent}` }))

function write(lines: readonly (object | string)[] = rows): string {
  const file = join(temporaryFolder(), 'rows.jsonl')
  writeFileSync(
    file,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  )
  return file
}

/** Trains on rows and says what was written. */
function train(
  args: readonly string[],
  { rowsFile = write(), cacheDir = temporaryFolder(), settings = {} } = {},
) {
  const out = join(temporaryFolder(), 'judge.json')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [SCRIPT, '--rows', rowsFile, '--out', out, ...args],
    {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, MODEL_CACHE_DIR: cacheDir, NUM_THREADS: '1', ...settings },
    },
  )
  return { status, stdout, stderr, out }
}

async function headOf(file: string, source: string) {
  const head = await readJudgeHead(file, source)
  if ('reason' in head) throw new TypeError(head.reason)
  return head
}

describe.each([
  {
    name: 'a decoder',
    folder: TINY_LLAMA,
    source: 'onnx/model.onnx',
    tensors: ['/model/layers.0/Add_1_output_0'],
    meaning: 'the residual stream that enters layer 1 of 2',
    pools: ['last'],
    others: ['/model/layers.0/Add_output_0', '/model/layers.0/Add_1_output_0'],
  },
  {
    name: 'an encoder-decoder',
    folder: TINY_T5,
    source: 'onnx/encoder_model_quantized.onnx',
    tensors: ['last_hidden_state'],
    meaning: 'the last hidden state of the encoder',
    pools: ['last', 'mean'],
    others: ['last_hidden_state'],
  },
])('of $name', ({ folder, source, tensors, meaning, pools, others }) => {
  test('finds the states that are read, and writes a head of them, the same file each time', async () => {
    const { status, stdout, stderr, out } = train(['--model', folder, '--validate', write(measured)])
    expect([status, stderr]).toEqual([
      0,
      expect.stringContaining(`${tensors[0]} (${meaning}), pooled: ${pools.join(', ')}`),
    ])
    expect(stdout).toMatch(/^12 rows; judged by what was learned from other sources: AUC \d\.\d{4}/)
    const head = await headOf(out, join(folder, source))
    expect(head).toMatchObject({ tensors, pools, hiddenSize: 64, longest: { head: 160, tail: 96 } })
    expect(readFileSync(train(['--model', folder, '--validate', write(measured)]).out, 'utf8')).toBe(
      readFileSync(out, 'utf8'),
    )
  })

  test('takes the tensors and pools that are named, and reads states once', async () => {
    const states = ['--tensors', others.join(','), '--pools', 'mean,turn_end']
    const named = ['--model', folder, ...states, '--validate', write(measured), '--json']
    const cacheDir = temporaryFolder()
    const [first, second] = [train(named, { cacheDir }), train(named, { cacheDir })]
    expect(await headOf(first.out, join(folder, source))).toMatchObject({
      tensors: others,
      pools: ['mean', 'turn_end'],
    })
    expect(readFileSync(second.out, 'utf8')).toBe(readFileSync(first.out, 'utf8'))
    expect(JSON.parse(first.stdout)).toMatchObject({ rows: 12, auc: expect.any(Number) })
  })
})

test('measures on rows of other sources where they are given, and says so in the file', () => {
  const { out, stdout } = train(['--model', TINY_LLAMA, '--validate', write(measured)])
  expect(stdout).toContain('Measured on 12 requests of 6 other sources')
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({
    provenance: {
      trainedBy: 'npm run train-judge',
      sources: 'given by the operator',
      rows: 12,
      measuredOn: '12 requests of 6 other sources',
    },
  })
})

test('with the settings of a container that all may reach: reads the files that it loads', async () => {
  const settings = { HOST: '0.0.0.0', LOCAL_MODEL_DTYPE: 'fp32' }
  const { status, stderr, out } = train(['--model', TINY_T5, '--validate', write(measured)], { settings })
  expect([status, stderr]).toEqual([0, expect.stringContaining('Written')])
  await headOf(out, join(TINY_T5, 'onnx/encoder_model.onnx'))
})

test('of the shipped model: reads the layer and the positions that tell best', async () => {
  const { status, out } = train([])
  expect(status).toBe(0)
  const head = await headOf(out, join(SHIPPED_DIR, 'Ulfberht-135M/onnx/model_q4.onnx'))
  expect(head).toMatchObject({
    tensors: ['layers.16.attn_norm_sum'],
    pools: ['last', 'turn_end'],
    hiddenSize: 576,
  })
})

test.each<[string, readonly string[], string]>([
  ['a model that is not on disk', ['--model', 'owner/nothing'], 'npm run models -- pull owner/nothing'],
  ['a model that is none', ['--model', 'nothing'], 'Unknown model "nothing"'],
  [
    'a tensor that a decoder has not',
    ['--model', TINY_LLAMA, '--tensors', 'nothing'],
    'has no tensor nothing',
  ],
  [
    'a tensor that an encoder does not give',
    ['--model', TINY_T5, '--tensors', 'nothing'],
    'no states nothing',
  ],
  [
    'an unknown pool',
    ['--model', TINY_LLAMA, '--pools', 'last,first'],
    '--pools: must be some of last, mean, turn_end',
  ],
  [
    'rows that are not there',
    ['--model', TINY_LLAMA, '--add', '/nothing'],
    '/nothing: there is no such file or folder',
  ],
  ['an unknown option', ['--fast'], 'Usage: npm run train-judge'],
])('says what is wrong with %s', (_, args, problem) => {
  const { status, stderr, out } = train(args)
  expect([status, stderr]).toEqual([2, expect.stringContaining(problem)])
  expect(stderr).not.toMatch(/^ +at /m)
  expect(existsSync(out)).toBe(false)
})

test('names file and line of a row that cannot be read', () => {
  const { status, stderr } = train(['--model', TINY_LLAMA], { rowsFile: write([...rows, '{"id":']) })
  expect([status, stderr]).toEqual([2, expect.stringContaining('rows.jsonl, line 13: is not JSON.')])
})
