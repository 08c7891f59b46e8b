/** Fitting the classifier's weights from labelled rows. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SIGNAL_NAMES } from '../../edge/routing/classifier/signals.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const SCRIPT = join(import.meta.dirname, '../../scripts/train-router.ts')
const row = (source: number, label: string, content: string, more: object = {}) =>
  JSON.stringify({
    source: `s${source % 5}`,
    label,
    request: { messages: [{ role: 'user', content }] },
    ...more,
  })

test('names rows that are none and fits on the others, permissively licensed ones only', () => {
  const labelled = Array.from({ length: 20 }, (_, at) => [
    row(at, 'simple', `Thanks, ${at} times!`),
    row(at, 'complex', `Write a Python function that prints ${at}.`),
  ]).flat()
  const file = join(temporaryFolder(), 'rows.jsonl')
  const rows = [
    '{"source":',
    row(1, 'medium', 'x'),
    ...labelled,
    row(1, 'simple', 'Hi', { license_class: 'other' }),
  ]
  writeFileSync(file, rows.join('\n'))
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, file], { encoding: 'utf8' })
  expect(status).toBe(0)
  expect(stderr).toMatch(
    /^line 1: is no labelled row\nline 2: is no labelled row\n40 rows, leave-sources-out: AUC 1\.000/,
  )
  const weights = new Map(
    [...stdout.matchAll(/^ {4}(\w+): (-?[\d.]+),$/gm)].map(([, name = '', value]) => [name, Number(value)]),
  )
  expect([...weights.keys()]).toEqual(SIGNAL_NAMES)
  expect(weights.get('code_request')).toBeGreaterThan(0)
  expect(weights.get('thanks')).toBeLessThan(0)
})
