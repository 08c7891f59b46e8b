/** Answers that are kept, so that figures can be made again without the model. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  type GradedAnswers,
  readGradedAnswers,
  writeGradedAnswers,
} from '../../../bench/verification/graded-answer.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const GRADED: GradedAnswers = {
  model: 'Tiny (int8)',
  graphSha256: 'ab12',
  examined: '2026-11-30',
  costs: { answer: 200, logprobs: 1, judge: 0, askedAfter: 0, askedApart: 0 },
  answers: [
    {
      id: 'ex-1',
      kind: 'spam',
      task: 'classification',
      language: 'en',
      right: true,
      logprobs: [-0.1, -0.01],
      tokens: 1,
      handoverScore: null,
      judgeScore: 0.2,
      askedAfter: null,
      askedApart: null,
    },
  ],
}

test('are read as they were written, for the weights that gave them and no others', () => {
  const file = join(temporaryFolder(), 'answers.json')
  writeGradedAnswers(file, GRADED)
  expect(readGradedAnswers(file, 'ab12')).toEqual(GRADED)
  for (const other of ['cd34', null])
    expect(() => readGradedAnswers(file, other)).toThrow(
      'answers.json: holds answers of Tiny (int8) with other',
    )
})

test.each(['', '{', '{}', JSON.stringify({ ...GRADED, costs: {} })])(
  'a file that holds none is named: %s',
  (text) => {
    const file = join(temporaryFolder(), 'answers.json')
    writeFileSync(file, text)
    expect(() => readGradedAnswers(file, 'ab12')).toThrow('answers.json: holds no answers')
  },
)
