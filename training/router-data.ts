/**
 * What the heads of the edge's classifier are fitted to: rows as features with and without words around them, the form of
 * each head, and scores of rows by heads that never saw their fold. Measures and quantizes nothing.
 */
import { placeSet } from '../edge/routing/classifier/linear-head.ts'
import { extractFeatures } from '../edge/routing/features.ts'
import { COMPLEX_TASKS, SIMPLE_TASKS, type Task } from '../shared/tasks.ts'
import { FOLDS, foldsOf, weightsOf } from './folds.ts'
import { type LabelledRequest, usesNoTools } from './labelled-requests.ts'
import {
  type FloatHead,
  fitHead,
  type HeadForm,
  logitsOf,
  type TrainingOptions,
  type TrainingRow,
} from './linear-training.ts'
import { type SparseExample, toExamples } from './sparse-example.ts'
import { wrapRequest } from './wrapped-request.ts'

const LAST_TURN = ['form', 'word', 'pair', 'skip', 'piece', 'opening', 'ending', 'middle', 'reply'] as const
const COMPLEXITY: HeadForm = { bits: 18, outputs: 1, places: placeSet([...LAST_TURN, 'earlier', 'system']) }
const SENSITIVITY: HeadForm = {
  bits: 17,
  outputs: 1,
  places: placeSet(['form', 'word', 'pair', 'piece', 'opening']),
}
const TASK: Omit<HeadForm, 'outputs'> = {
  bits: 14,
  places: placeSet(['form', 'word', 'pair', 'opening', 'ending', 'reply', 'system']),
}
const LANGUAGE: Omit<HeadForm, 'outputs'> = { bits: 13, places: placeSet(['word', 'piece']) }
/** Chosen on sources left out. */
const OPTIONS: TrainingOptions = { epochs: 20, rate: 0.3, ridge: 1e-4 }
/** Weight of a request with friendly words around it; a plain one has about 1. */
const WRAPPED_WEIGHT = 0.3
const SHORT: TrainingOptions = { epochs: 6, rate: 0.5, ridge: 1e-5 }
/** Names of the task head's outputs. */
export const TASKS: readonly Task[] = [
  ...SIMPLE_TASKS,
  ...COMPLEX_TASKS.filter((task) => task !== 'tool_use'),
]

/** Returns how surely complex each row is, as logits, by what was learned from other sources; infinite where tools are used. */
export function complexityOutOfFold(rows: readonly LabelledRequest[]): readonly number[] {
  const data = new RouterData(rows.filter(usesNoTools))
  const logits = outOfFold(data, foldsOf(data.rows), (indices) => data.complexity(indices))
  const byId = new Map(data.rows.map(({ id }, index) => [id, logits[index]?.[0]]))
  return rows.map(({ id }) => byId.get(id) ?? Number.POSITIVE_INFINITY)
}

/** Rows with everything that is computed of them once. */
export class RouterData {
  readonly rows: readonly LabelledRequest[]
  readonly examples: readonly SparseExample[]
  /** The same with friendly words around them. */
  readonly wrapped: readonly SparseExample[]
  readonly languages: readonly string[]
  /** Index of each row's task, undefined where it has none. */
  readonly tasks: readonly (number | undefined)[]
  readonly languageIndices: readonly (number | undefined)[]

  constructor(rows: readonly LabelledRequest[]) {
    this.rows = rows
    this.examples = toExamples(rows.map(({ request }) => extractFeatures(request)))
    this.wrapped = toExamples(rows.map((row, index) => extractFeatures(wrapRequest(row, index).request)))
    this.languages = [...new Set(rows.flatMap(({ language }) => language ?? []))].sort()
    this.tasks = rows.map(({ task }) => indexIn(TASKS, task))
    this.languageIndices = rows.map(({ language }) => indexIn(this.languages, language))
  }

  /**
   * Returns the heads that fit some of the rows. What makes a sensitive row complex is the harm of a wrong answer, not how
   * hard it is to answer: the complexity head would learn from it that short personal messages are hard.
   */
  complexity(given: readonly number[]): FloatHead {
    const indices = given.filter((index) => this.rows[index]?.sensitive !== true)
    const labelOf = (index: number) => binary(this.rows[index]?.complex)
    const rows = [
      ...this.training(indices, labelOf),
      ...this.weighted(this.wrapped, indices, WRAPPED_WEIGHT, labelOf),
    ]
    return fitHead(COMPLEXITY, rows, OPTIONS)
  }

  /** Every row counts alike: kinds of danger are many and their rows few. */
  sensitivity(indices: readonly number[]): FloatHead {
    const labelOf = (index: number) => binary(this.rows[index]?.sensitive)
    const rows = [
      ...this.weighted(this.examples, indices, 1, labelOf),
      ...this.weighted(this.wrapped, indices, WRAPPED_WEIGHT, labelOf),
    ]
    return fitHead(SENSITIVITY, rows, OPTIONS)
  }

  task(indices: readonly number[]): FloatHead {
    const outputs = TASKS.length
    return fitHead(
      { ...TASK, outputs },
      this.training(indices, (index) => oneOf(outputs, this.tasks[index])),
      SHORT,
    )
  }

  language(indices: readonly number[]): FloatHead {
    const outputs = this.languages.length
    return fitHead(
      { ...LANGUAGE, outputs },
      this.training(indices, (index) => oneOf(outputs, this.languageIndices[index])),
      SHORT,
    )
  }

  private weighted(
    examples: readonly SparseExample[],
    indices: readonly number[],
    weight: number,
    targetOf: (index: number) => readonly number[] | undefined,
  ): readonly TrainingRow[] {
    return indices.flatMap((index) => {
      const target = targetOf(index)
      const example = examples[index]
      return target && example ? [{ example, target, weight }] : []
    })
  }

  private training(
    indices: readonly number[],
    targetOf: (index: number) => readonly number[] | undefined,
  ): readonly TrainingRow[] {
    const weights = weightsOf(indices.map((index) => this.rows[index] as LabelledRequest))
    return indices.flatMap((index, at) => {
      const target = targetOf(index)
      const example = this.examples[index]
      return target && example ? [{ example, target, weight: weights[at] ?? 1 }] : []
    })
  }
}

function binary(value: boolean | undefined): readonly number[] | undefined {
  return value === undefined ? undefined : [value ? 1 : 0]
}

function oneOf(size: number, wanted: number | undefined): readonly number[] | undefined {
  if (wanted === undefined) return undefined
  return Array.from({ length: size }, (_, index) => (index === wanted ? 1 : 0))
}

/** Returns the logits that a head gives each row without having seen its fold. */
export function outOfFold(
  data: RouterData,
  folds: readonly number[],
  train: (indices: readonly number[]) => FloatHead,
): readonly Float64Array[] {
  const results = new Array<Float64Array>(data.rows.length)
  for (let fold = 0; fold < FOLDS; fold++) {
    const head = train(folds.flatMap((own, index) => (own === fold ? [] : [index])))
    for (const [index, example] of data.examples.entries())
      if (folds[index] === fold) results[index] = logitsOf(head, example)
  }
  return results
}

function indexIn<T>(names: readonly T[], name: T | undefined): number | undefined {
  const index = name === undefined ? -1 : names.indexOf(name)
  return index < 0 ? undefined : index
}
