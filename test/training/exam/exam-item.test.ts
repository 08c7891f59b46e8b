/** The items of the exam: their shape, and that none of them was trained on. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { kindsOf } from '../../../shared/exam-kinds.ts'
import { SIMPLE_TASKS } from '../../../shared/tasks.ts'
import { createDuplicateFinder } from '../../../training/duplicates.ts'
import { EXAM_FOLDER, type ExamItem, parseExamItem, readExamItems } from '../../../training/exam/exam-item.ts'
import { readLabelledRequests, spokenText } from '../../../training/labelled-requests.ts'

const TRAINING = join(import.meta.dirname, '../../../training')
/** Rows that models learn to answer from: not in every checkout. */
const ANSWERS = join(TRAINING, 'answers')

const answerRow = z.object({
  id: z.string(),
  system: z.string().nullish(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
})

function spokenIn({ system, messages }: Pick<z.infer<typeof answerRow>, 'system' | 'messages'>) {
  const lastTurn = messages.at(-1)?.content ?? ''
  return { whole: [system ?? '', ...messages.map(({ content }) => content)].join('\n'), lastTurn }
}

function answerRows() {
  if (!existsSync(ANSWERS)) return []
  const files = readdirSync(ANSWERS).filter((name) => name.endsWith('.jsonl'))
  return files
    .flatMap((name) => readFileSync(join(ANSWERS, name), 'utf8').split('\n'))
    .filter((line) => line.trim() !== '')
    .map((line) => answerRow.parse(JSON.parse(line)))
}

const items = readExamItems(EXAM_FOLDER)
/** Long work, done before the clock of a test runs. */
const twins = findTwins()

/** Each item with the row or item that says nearly the same. */
function findTwins() {
  const findDuplicate = createDuplicateFinder()
  for (const row of readLabelledRequests([join(TRAINING, 'requests')], 'keep')) {
    const last = row.request.messages.at(-1)?.content
    const whole = spokenText(row)
    findDuplicate(row.id, { whole, lastTurn: typeof last === 'string' ? last : whole })
  }
  for (const row of answerRows()) findDuplicate(row.id, spokenIn(row))
  return items.map((item) => [item.id, findDuplicate(item.id, spokenIn(item))])
}

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

test('are refused, with the line, where something is wrong with them', () => {
  const [good] = items
  const refused = (change: Partial<Record<keyof ExamItem, unknown>>) => () =>
    parseExamItem(JSON.stringify({ ...good, ...change }), 'a.jsonl, line 3')
  expect(refused({})).not.toThrow()
  expect(refused({ kind: 'riddles' })).toThrow(/a\.jsonl, line 3: .*kind: is none of its task/s)
  expect(refused({ task: 'code_generation' })).toThrow(/task/)
  expect(refused({ checks: [] })).toThrow(/checks/)
  expect(refused({ checks: [{ is: 'clever' }] })).toThrow(/checks/)
  expect(refused({ checks: [{ is: 'one_of', values: [] }] })).toThrow(/values/)
  expect(refused({ checks: [{ is: 'copied', more: 1 }] })).toThrow(/more/)
  expect(refused({ checks: [{ is: 'hands_over' }] })).toThrow(/hands_over needs "contains"/)
  expect(refused({ messages: [{ role: 'assistant', content: 'Hi' }] })).toThrow(/must alternate/)
  expect(() => parseExamItem('{', 'a.jsonl, line 4')).toThrow('a.jsonl, line 4: is not JSON.')
})
