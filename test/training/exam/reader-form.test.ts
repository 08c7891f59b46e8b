/** The form by which a person reads answers. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../../../inference/engine/text/sampler.ts'
import type { ExamOutcome } from '../../../training/exam/examination.ts'
import { compareReading, drawForm, parseForm } from '../../../training/exam/reader-form.ts'

const OUTCOMES: readonly ExamOutcome[] = Array.from({ length: 30 }, (_, at) => ({
  item: {
    id: `ex-${at}`,
    kind: 'spam',
    task: 'classification',
    language: 'en',
    system: at % 2 === 0 ? 'Say yes or no.' : null,
    messages: [{ role: 'user', content: `Is number ${at} spam?` }],
    checks: [{ is: 'one_of', values: ['yes'] }],
  },
  answer: at === 0 ? { declined: true } : { declined: false, text: at < 20 ? 'yes' : 'no' },
  tokens: 1,
  ms: 1,
  failures: at > 0 && at < 20 ? [] : ['is none of "yes"'],
}))

test('draws as many answers as asked for, each once, and the same for the same seed', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(), (count, seed) => {
      const ids = drawForm(OUTCOMES, count, seededRandom(seed)).map(({ id }) => id)
      expect(new Set(ids).size).toBe(Math.min(count, OUTCOMES.length))
      expect(drawForm(OUTCOMES, count, seededRandom(seed)).map(({ id }) => id)).toEqual(ids)
    }),
  )
})

test('is read back, and tells where reader and checks disagree', () => {
  const rows = drawForm(OUTCOMES, 30, seededRandom(1)).map((row) => ({
    ...row,
    verdict: row.id === 'ex-5' ? 'wrong' : row.id === 'ex-6' ? 'harmful' : row.passed ? 'right' : 'wrong',
  }))
  const kind = rows.map((row) => JSON.stringify(row.id === 'ex-25' ? { ...row, verdict: 'right' } : row))
  const {
    read,
    wronglyPassed,
    wronglyFailed,
    harmful,
    rows: others,
  } = compareReading(parseForm(`${kind.join('\n')}\n`, 'form.jsonl'))
  expect({ read, wronglyPassed, wronglyFailed, harmful }).toEqual({
    read: 30,
    wronglyPassed: 2,
    wronglyFailed: 1,
    harmful: 1,
  })
  expect(others.map(({ id }) => id).toSorted()).toEqual(['ex-25', 'ex-5', 'ex-6'])
})

test('is refused, with the line, where it is not filled in', () => {
  const [row] = drawForm(OUTCOMES, 1, seededRandom(1))
  const filled = JSON.stringify({ ...row, verdict: 'right' })
  const parse = () => parseForm(`${filled}\n${JSON.stringify(row)}`, 'form.jsonl')
  expect(parse).toThrow(/^form\.jsonl, line 2: .*right, wrong or harmful/s)
})
