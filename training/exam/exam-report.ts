/**
 * What the outcomes of an exam add up to: counts by kind and task, the table, what failed, and the model card that follows.
 * Writes nothing.
 */

import { median } from '../../bench/inference/median.ts'
import { markdownTable, percent } from '../../bench/markdown-table.ts'
import type { ExaminedCard } from '../../inference/models/model-card-file.ts'
import { isTrusted, trustByExam } from '../../shared/exam-kinds.ts'
import { type ModelCard, uniformTrust } from '../../shared/model-card.ts'
import { SIMPLE_TASKS } from '../../shared/tasks.ts'
import { type Interval, wilsonInterval } from '../../shared/wilson-interval.ts'
import type { ExamOutcome } from './examination.ts'

export type ExamCount = {
  readonly items: number
  readonly passed: number
  readonly share: number
  /** 95 % interval of the share. */
  readonly interval: Interval
  readonly medianTokens: number
  readonly medianMs: number
}

/** What of a failed answer a person needs to see why. */
export type ExamFailure = {
  readonly id: string
  readonly kind: string
  readonly promptEnd: string
  /** Null where the model declined. */
  readonly answer: string | null
  readonly failures: readonly string[]
}

const PROMPT_END_CHARACTERS = 160

/** Returns the counts of some outcomes; shares and medians of none are NaN. */
export function countOutcomes(outcomes: readonly ExamOutcome[]): ExamCount {
  const passed = outcomes.filter(({ failures }) => failures.length === 0).length
  return {
    items: outcomes.length,
    passed,
    share: passed / outcomes.length,
    interval: wilsonInterval(passed, outcomes.length),
    medianTokens: median(outcomes.map(({ tokens }) => tokens)),
    medianMs: median(outcomes.map(({ ms }) => ms)),
  }
}

/** Returns the counts of each value that `keyOf` gives, in the order of their first items. */
export function countBy(
  outcomes: readonly ExamOutcome[],
  keyOf: (outcome: ExamOutcome) => string,
): ReadonlyMap<string, ExamCount> {
  const groups = Map.groupBy(outcomes, keyOf)
  return new Map([...groups].map(([key, group]) => [key, countOutcomes(group)]))
}

/** Returns the table: tasks, each with its kinds. */
export function examTable(outcomes: readonly ExamOutcome[]): string {
  const row = (name: string, { items, passed, share, interval, medianTokens, medianMs }: ExamCount) => [
    name,
    String(items),
    String(passed),
    percent(share),
    `${percent(interval.lower)}–${percent(interval.upper)}`,
    String(Math.round(medianTokens)),
    String(Math.round(medianMs)),
  ]
  const rows = SIMPLE_TASKS.flatMap((task) => {
    const ofTask = outcomes.filter(({ item }) => item.task === task)
    if (ofTask.length === 0) return []
    const kinds = [...countBy(ofTask, ({ item }) => item.kind)]
    return [row(`**${task}**`, countOutcomes(ofTask)), ...kinds.map(([kind, count]) => row(kind, count))]
  })
  return markdownTable(
    ['', 'items', 'passed', '%', '95 % interval', 'tokens, median', 'ms, median'],
    [...rows, row('**all**', countOutcomes(outcomes))],
  )
}

/** Returns the answers that failed, with the end of what was asked. */
export function examFailures(outcomes: readonly ExamOutcome[]): readonly ExamFailure[] {
  return outcomes
    .filter(({ failures }) => failures.length > 0)
    .map(({ item, answer, failures }) => ({
      id: item.id,
      kind: item.kind,
      promptEnd: (item.messages.at(-1)?.content ?? '').slice(-PROMPT_END_CHARACTERS),
      answer: answer.declined ? null : answer.text,
      failures,
    }))
}

export type ExaminedModel = Pick<ExaminedCard, 'model' | 'weights' | 'graphSha256' | 'examined'> & {
  /** What was said of the model before any exam; undefined where nothing was. */
  readonly before: ModelCard | undefined
}

/**
 * Returns the card that an exam earns. A model that the card says to speak few languages is trusted by items in these: it is asked for
 * no others. Where nothing was said before, the exam alone says what it is trusted with.
 */
export function examinedCard(
  outcomes: readonly ExamOutcome[],
  { before, ...examined }: ExaminedModel,
): ExaminedCard {
  const languages = before?.languages ?? null
  const spoken = outcomes.filter(({ item }) => languages === null || languages.includes(item.language))
  const kinds = [...countBy(spoken, ({ item }) => item.kind)].map(([kind, count]) => ({ kind, ...count }))
  return {
    ...examined,
    kinds: Object.fromEntries(
      kinds.map(({ kind, items, passed, interval }) => [
        kind,
        { items, passed, lowerBound: interval.lower, trusted: isTrusted({ items, passed }) ?? false },
      ]),
    ),
    card: {
      trust: trustByExam(kinds, before?.trust ?? uniformTrust('none')),
      languages,
      maxTemperature: before?.maxTemperature ?? null,
      exam: examLine(outcomes, examined.examined),
    },
  }
}

/** Returns one line for people, such as `2026-11-30, 400 of 800 items: simple_chat 90 of 180, …`. */
function examLine(outcomes: readonly ExamOutcome[], day: string): string {
  const all = countOutcomes(outcomes)
  const byTask = countBy(outcomes, ({ item }) => item.task)
  const tasks = SIMPLE_TASKS.flatMap((task) => {
    const count = byTask.get(task)
    return count === undefined ? [] : [`${task} ${count.passed} of ${count.items}`]
  })
  return `${day}, ${all.passed} of ${all.items} items: ${tasks.join(', ')}`
}
