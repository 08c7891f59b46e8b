/** Training the edge's classifier from labelled rows: the same file for the same rows, and no file that is worse. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createClassifier } from '../../edge/routing/classifier/classifier.ts'
import { decodeClassifier } from '../../edge/routing/classifier/classifier-model.ts'
import { featuresOf } from '../support/edge/requests.ts'
import { ask } from '../support/edge/router.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const SCRIPT = join(import.meta.dirname, '../../scripts/train-router.ts')
const SIMPLE = [
  'Thanks a lot for',
  'Thanks again for',
  'Many thanks for',
  'Kind thanks for',
  'No, thanks for',
]
const COMPLEX = [
  'Write code for',
  'Now write code on',
  'Write new code for',
  'Do write code on',
  'Just write code for',
]
const NAMES = [
  'the old harbour at Oslo',
  'Maria and her five cousins',
  'wooden tables for a garden',
  'a winter without any snow',
  'copper mines of northern Peru',
  'my uncle who lives in Ghent',
  'seven songs about the moon',
  'bread with figs and walnuts',
  'paper boats on a quiet lake',
  'whoever rings the bell first',
]

const rows = [SIMPLE, COMPLEX].flatMap((openings, label) =>
  openings.flatMap((opening, intent) =>
    NAMES.map((name, at) => ({
      id: `${label}-${intent}-${at}`,
      intent: `${label}-${intent}`,
      label: label === 0 ? 'simple' : 'complex',
      task: label === 0 ? 'simple_chat' : 'code_generation',
      language: 'en',
      turns: [`${opening} ${name} and ${NAMES[(at + 1 + intent + 5 * label) % NAMES.length]}`],
    })),
  ),
)

function train(files: readonly string[], out: string, more: readonly string[] = []) {
  const args = [SCRIPT, ...files.flatMap((file) => ['--rows', file]), '--out', out, ...more]
  return spawnSync(process.execPath, args, { encoding: 'utf8' })
}
function write(name: string, lines: readonly object[]): string {
  const file = join(temporaryFolder(), name)
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'))
  return file
}

test('makes a classifier of rows, the same file each time', () => {
  const file = write('rows.jsonl', rows)
  const [first, second] = ['a.bin', 'b.bin'].map((name) => join(temporaryFolder(), name))
  if (first === undefined || second === undefined) throw new Error('no files')
  const { status, stdout } = train([file], first)
  expect(status).toBe(0)
  expect(stdout).toMatch(/^100 rows from 10 sources/)
  expect(train([file], second).status).toBe(0)
  expect(readFileSync(second).equals(readFileSync(first))).toBe(true)
  const { classify } = createClassifier(decodeClassifier(readFileSync(first)))
  const score = (text: string) => classify(featuresOf(ask(text))).score
  expect(score('Write code for a lamp')).toBeGreaterThan(score('Thanks for the lamp'))
})

test('adds rows that say something new, and no others', () => {
  const more = rows.map((row) => ({ ...row, id: `more-${row.id}` })).slice(0, 50)
  const fresh = { ...rows[0], id: 'fresh', turns: ['Good night, and sleep well in your new flat'] }
  const added = ['--add', write('more.jsonl', [...more, fresh])]
  const { status, stdout } = train([write('rows.jsonl', rows)], join(temporaryFolder(), 'weights.bin'), added)
  expect(status).toBe(0)
  expect(stdout).toMatch(/^101 rows from 10 sources/)
})

test('what is measured for weights in another place leaves what is known of the edge’s own', () => {
  const known = join(import.meta.dirname, '../../training/router-calibration.json')
  const before = readFileSync(known, 'utf8')
  const measured = write(
    'traffic.jsonl',
    rows.map((row) => ({ ...row, intent: `other ${row.intent}` })),
  )
  const out = join(temporaryFolder(), 'weights.bin')
  const { status, stdout } = train([write('rows.jsonl', rows)], out, ['--validate', measured])
  expect(status).toBe(0)
  expect(stdout).toContain('Measured on 100 requests of 10 other sources')
  expect(readFileSync(known, 'utf8')).toBe(before)
})

test('takes rows of a log alone, of which nobody has said language, task or danger', () => {
  const log = rows.map(({ id, intent, label, turns }) => ({
    id,
    label,
    source: intent,
    request: { messages: [{ role: 'user', content: turns[0] }] },
  }))
  const out = join(temporaryFolder(), 'weights.bin')
  const { status, stdout } = train([write('log.jsonl', log)], out)
  expect(status).toBe(0)
  expect(stdout).toContain('task –, language –, sensitive –')
  const { classify } = createClassifier(decodeClassifier(readFileSync(out)))
  expect(classify(featuresOf(ask('Thanks for the lamp')))).toMatchObject({ sensitive: false, language: 'en' })
})

test('keeps what is there where the new one would be worse, unless told', () => {
  const out = join(temporaryFolder(), 'weights.bin')
  expect(train([write('rows.jsonl', rows)], out).status).toBe(0)
  const before = readFileSync(out)
  const wrong = rows.map((row, at) =>
    at % 2 === 0 ? row : { ...row, label: 'complex', task: 'code_generation' },
  )
  const worse = train([write('wrong.jsonl', wrong)], out)
  expect(worse.status).toBe(1)
  expect(worse.stderr).toMatch(/Not written: the AUC on sources left out would be/)
  expect(readFileSync(out).equals(before)).toBe(true)
  expect(train([write('wrong.jsonl', wrong)], out, ['--force']).status).toBe(0)
})

test.each([
  ['{"id":', 'is not JSON'],
  [JSON.stringify({ ...rows[0], label: 'medium' }), 'label'],
  [JSON.stringify({ ...rows[0], task: 'other' }), 'cannot be other'],
  [JSON.stringify({ ...rows[0], turns: ['a', 'b'] }), 'must end with a turn of the user'],
  [JSON.stringify({ ...rows[0], partner: 'nobody' }), 'nobody is missing'],
])('names what is wrong with a row: %s', (line, problem) => {
  const file = join(temporaryFolder(), 'rows.jsonl')
  writeFileSync(file, line)
  const { status, stderr } = train([file], join(temporaryFolder(), 'weights.bin'))
  expect(status).toBe(2)
  expect(stderr).toContain(problem)
})

test('says what options there are, and which file is not there', () => {
  const out = join(temporaryFolder(), 'weights.bin')
  expect(train([], out, ['--help'])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('--validate'),
  })
  expect(train([], out, ['--fast'])).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/'--fast'[\s\S]*Usage: npm run train-router/),
  })
  expect(train(['/nothing'], out)).toMatchObject({
    status: 2,
    stderr: '/nothing: there is no such file or folder of rows.\n',
  })
})
