/**
 * By which measure, on which tasks and from which score on a model's answers are held back. Pure.
 */
import { SIMPLE_TASKS, type SimpleTask } from '../../shared/tasks.ts'
import { roundedUp } from '../../training/validation.ts'
import type { GradedAnswer } from './graded-answer.ts'
import { measureLeftOut, scored, thresholdLosing } from './kinds-left-out.ts'
import { SERVED_MEASURES, type ServedMeasure } from './measures.ts'

/** Chance is 0.5; what is hardly better holds back right answers for nothing. */
const USEFUL_AREA = 0.6

export type ChosenThreshold = {
  readonly measure: ServedMeasure
  readonly tasks: readonly SimpleTask[]
  /** Of four decimals. */
  readonly threshold: number
  /** Of right answers, the share that it may lose. */
  readonly share: number
  /** How often a wrong answer of these tasks scores above a right one. */
  readonly area: number
}

/**
 * Returns what does best on kinds left out, over the tasks on which it is of use; undefined where none is of use on any task.
 * @param share of right answers, how many may be lost
 */
export function chooseThreshold(
  answers: readonly GradedAnswer[],
  share: number,
): ChosenThreshold | undefined {
  const candidates = SERVED_MEASURES.flatMap((measure): readonly ChosenThreshold[] => {
    const areaOn = (rows: readonly GradedAnswer[]) => measureLeftOut(measure, rows).pooled ?? 0
    const tasks = SIMPLE_TASKS.filter((task) => areaOn(ofTasks(answers, [task])) >= USEFUL_AREA)
    if (tasks.length === 0) return []
    const rows = ofTasks(answers, tasks)
    const scores = rows.flatMap((answer) => scored(answer, measure.fit(rows)))
    const threshold = Math.min(1, roundedUp(Math.max(0, thresholdLosing(scores, share))))
    return [{ measure, tasks, threshold, share, area: areaOn(rows) }]
  })
  return candidates.toSorted((a, b) => b.area - a.area)[0]
}

/** Returns the answers of these tasks. */
export function ofTasks(answers: readonly GradedAnswer[], tasks: readonly string[]): readonly GradedAnswer[] {
  return answers.filter(({ task }) => tasks.includes(task))
}
