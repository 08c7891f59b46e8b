/** The items of the exam: their shape, and that none of them was trained on. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readShippedClassifier } from '../../../llm/shipped-classifier.ts'
import { kindsOf } from '../../../shared/exam-kinds.ts'
import { SIMPLE_TASKS } from '../../../shared/tasks.ts'
import { readAnswerFiles } from '../../../training/answer-rows.ts'
import { createDuplicateFinder, spokenIn } from '../../../training/duplicates.ts'
import { createLanguageCheck } from '../../../training/exam/answer-language.ts'
import { failedChecks } from '../../../training/exam/checks.ts'
import {
  EXAM_FOLDER,
  type ExamItem,
  parseExamItems,
  readExamItems,
} from '../../../training/exam/exam-item.ts'
import { readLabelledRequests, spokenText } from '../../../training/labelled-requests.ts'

const TRAINING = join(import.meta.dirname, '../../../training')
const ANSWERS = join(TRAINING, 'answers')
const REQUESTS = ['requests', 'requests-in-context'].map((name) => join(TRAINING, name))

function answerRows() {
  const files = readdirSync(ANSWERS).filter((name) => name.endsWith('.jsonl'))
  return readAnswerFiles(files.map((name) => join(ANSWERS, name))).map(({ row }) => row)
}

const items = readExamItems(EXAM_FOLDER)
const isInLanguage = createLanguageCheck(readShippedClassifier())
/** Long work, done before the clock of a test runs. */
const twins = findTwins()

/** Each item with the row or item that says nearly the same. */
function findTwins() {
  const findDuplicate = createDuplicateFinder()
  for (const row of readLabelledRequests(REQUESTS, 'keep')) {
    const last = row.request.messages.at(-1)?.content
    const whole = spokenText(row)
    findDuplicate(row.id, { whole, lastTurn: typeof last === 'string' ? last : whole })
  }
  for (const row of answerRows()) findDuplicate(row.id, spokenIn(row))
  return items.map((item) => [item.id, findDuplicate(item.id, spokenIn(item))])
}

test('are at least 800', () => {
  expect(items.length).toBeGreaterThanOrEqual(800)
})

test('hold every kind that a task has', () => {
  for (const task of SIMPLE_TASKS)
    for (const kind of kindsOf(task))
      expect(
        items.some((item) => item.task === task && item.kind === kind),
        `${task}: ${kind}`,
      ).toBe(true)
})

test('are not what anything is trained on, nor each other', () => {
  expect(twins.filter(([, twin]) => twin !== undefined)).toEqual([])
})

test.each(['Okay!', 'I see.', "What's up?", 'Yes', 'No.', '\uFFFDirst'])(
  'are passed by what was said, not by what fits everywhere: %s',
  (text) => {
    const passed = items.filter(
      (item) => failedChecks(item, { declined: false, text }, isInLanguage).length === 0,
    )
    const byKind = Map.groupBy(passed, ({ kind }) => kind)
    for (const [kind, own] of byKind)
      expect(own.length / items.filter((item) => item.kind === kind).length, kind).toBeLessThan(0.5)
  },
)

test('of summaries each names what must not be swapped or said', () => {
  const lenient = items.filter(
    ({ task, checks }) =>
      task === 'summarization' && !checks.some(({ is }) => is === 'lacks' || is === 'in_order'),
  )
  expect(lenient).toEqual([])
})

test('are refused, with the line, where something is wrong with them', () => {
  const [good] = items
  const refused = (change: Partial<Record<keyof ExamItem, unknown>>) => () =>
    parseExamItems(`\n\n${JSON.stringify({ ...good, ...change })}`, 'a.jsonl')
  expect(refused({})).not.toThrow()
  expect(refused({ kind: 'riddles' })).toThrow(/a\.jsonl, line 3: .*kind: is none of its task/s)
  expect(refused({ task: 'code_generation' })).toThrow(/task/)
  expect(refused({ checks: [] })).toThrow(/checks/)
  expect(refused({ checks: [{ is: 'clever' }] })).toThrow(/checks/)
  expect(refused({ checks: [{ is: 'one_of', values: [] }] })).toThrow(/values/)
  expect(refused({ checks: [{ is: 'copied', more: 1 }] })).toThrow(/more/)
  expect(refused({ checks: [{ is: 'hands_over' }] })).toThrow(/hands_over needs "contains"/)
  expect(refused({ messages: [{ role: 'assistant', content: 'Hi' }] })).toThrow(/must alternate/)
})
