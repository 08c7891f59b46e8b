/**
 * Fits the weights of the edge's classifier on labelled requests and prints the file `edge/routing/classifier/weights.ts`.
 * Rows: {"id", "source", "label": "simple"|"complex", "request", "license_class"?}. Only permissively licensed rows
 * are used where the field is there. Reports leave-sources-out scores: rows of a source never judge themselves.
 *
 *   node scripts/run.mjs scripts/train-router.ts DATA.jsonl > edge/routing/classifier/weights.ts
 */
import * as z from 'zod'
import {
  measureSignals,
  SIGNAL_DIRECTIONS,
  SIGNAL_NAMES,
  type SignalName,
} from '../edge/routing/classifier/signals.ts'
import { extractFeatures } from '../edge/routing/features.ts'
import { parseMessagesRequest } from '../shared/messages.ts'
import { readJsonLines } from './json-lines.ts'

const FOLDS = 5
const ITERATIONS = 400
const RATE = 0.5
const RIDGE = 1e-3
/** What is known without data, for signals that permissive rows hardly show, and how strongly it pulls. */
const PRIORS: Partial<Record<SignalName, number>> = { summary_only: -3, no_evidence: 3.5, small_talk: -1.5 }
const PRIOR_RIDGE = 0.05
/** The share of complex requests that must reach Claude on the validation folds. */
const WANTED_COMPLEX_RECALL = 0.95

const rowSchema = z.looseObject({
  source: z.string(),
  label: z.enum(['simple', 'complex']),
  license_class: z.string().optional(),
  request: z.looseObject({}),
})

type Example = { source: string; complex: boolean; values: number[]; weight: number }
type Model = { bias: number; weights: number[] }

const path = process.argv[2]
if (path === undefined) {
  console.error(
    'usage: node scripts/run.mjs scripts/train-router.ts DATA.jsonl > edge/routing/classifier/weights.ts',
  )
  process.exit(2)
}
const examples = await readExamples(path)
const scores: { score: number; complex: boolean }[] = []
const sources = [...new Set(examples.map((example) => example.source))].sort()
for (let fold = 0; fold < FOLDS; fold++) {
  const heldOut = new Set(sources.filter((_, index) => index % FOLDS === fold))
  const model = fitWeights(examples.filter((example) => !heldOut.has(example.source)))
  for (const example of examples)
    if (heldOut.has(example.source))
      scores.push({ score: predict(model, example.values), complex: example.complex })
}
const threshold = thresholdFor(scores, WANTED_COMPLEX_RECALL)
console.error(
  `${examples.length} rows, leave-sources-out: AUC ${areaUnderCurve(scores).toFixed(3)}; at threshold ${threshold.toFixed(2)}: complex-recall ${recall(scores, threshold, true).toFixed(3)}, simple-recall ${recall(scores, threshold, false).toFixed(3)}`,
)
printWeights(fitWeights(examples), threshold)

type Row = z.infer<typeof rowSchema>

async function readRows(file: string): Promise<Row[]> {
  const rows: Row[] = []
  for await (const line of readJsonLines(file)) {
    const row = rowSchema.safeParse(line.ok ? line.value : undefined)
    if (row.success) rows.push(row.data)
    else console.error(`line ${line.number}: is no labelled row`)
  }
  return rows
}

async function readExamples(file: string): Promise<Example[]> {
  const rows = (await readRows(file)).filter(
    (row) => row.license_class === undefined || row.license_class === 'permissive',
  )
  const sizes = new Map<string, number>()
  for (const row of rows) sizes.set(row.source, (sizes.get(row.source) ?? 0) + 1)
  return rows.flatMap((row) => {
    const features = extractFeatures(parseMessagesRequest({ model: 'auto', max_tokens: 1, ...row.request }))
    if (features.usesTools) return []
    const signals = measureSignals(features)
    // Large sources would otherwise drown small ones: each counts by the square root of its size.
    const weight = 1 / Math.sqrt(sizes.get(row.source) ?? 1)
    return {
      source: row.source,
      complex: row.label === 'complex',
      values: SIGNAL_NAMES.map((name) => signals[name]),
      weight,
    }
  })
}

function fitWeights(rows: readonly Example[]): Model {
  const weights = SIGNAL_NAMES.map(() => 0)
  let bias = 0
  const total = rows.reduce((sum, row) => sum + row.weight, 0)
  const momentum = SIGNAL_NAMES.map(() => 0)
  let biasMomentum = 0
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const gradient = SIGNAL_NAMES.map(() => 0)
    let biasGradient = 0
    for (const row of rows) {
      const error = (predict({ bias, weights }, row.values) - (row.complex ? 1 : 0)) * row.weight
      biasGradient += error
      for (const [index, value] of row.values.entries())
        gradient[index] = (gradient[index] ?? 0) + error * value
    }
    biasMomentum = 0.9 * biasMomentum + biasGradient / total
    bias -= RATE * biasMomentum
    for (const index of weights.keys()) {
      const slope = (gradient[index] ?? 0) / total + pull(SIGNAL_NAMES[index], weights[index] ?? 0)
      momentum[index] = 0.9 * (momentum[index] ?? 0) + slope
      weights[index] = clampSign(SIGNAL_NAMES[index], (weights[index] ?? 0) - RATE * (momentum[index] ?? 0))
    }
  }
  return { bias, weights }
}

function pull(name: SignalName | undefined, weight: number): number {
  const prior = name === undefined ? undefined : PRIORS[name]
  return prior === undefined ? RIDGE * weight : PRIOR_RIDGE * (weight - prior)
}

function clampSign(name: SignalName | undefined, weight: number): number {
  const direction = name === undefined ? 'either' : SIGNAL_DIRECTIONS[name]
  if (direction === 'claude') return Math.max(0, weight)
  return direction === 'local' ? Math.min(0, weight) : weight
}

function predict(model: Model, values: readonly number[]): number {
  const logit = values.reduce((sum, value, index) => sum + value * (model.weights[index] ?? 0), model.bias)
  return 1 / (1 + Math.exp(-logit))
}

function thresholdFor(rows: readonly { score: number; complex: boolean }[], wanted: number): number {
  const complex = rows.filter((row) => row.complex).map((row) => row.score)
  complex.sort((left, right) => left - right)
  return complex[Math.floor(complex.length * (1 - wanted))] ?? 0.5
}

function recall(rows: readonly { score: number; complex: boolean }[], at: number, complex: boolean): number {
  const wanted = rows.filter((row) => row.complex === complex)
  return wanted.filter((row) => row.score >= at === complex).length / wanted.length
}

function areaUnderCurve(rows: readonly { score: number; complex: boolean }[]): number {
  const sorted = [...rows].sort((left, right) => left.score - right.score)
  let rankSum = 0
  for (const [index, row] of sorted.entries()) if (row.complex) rankSum += index + 1
  const positives = rows.filter((row) => row.complex).length
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (rows.length - positives))
}

function printWeights(model: Model, at: number): void {
  const lines = SIGNAL_NAMES.map(
    (name, index) => `    ${name}: ${Number((model.weights[index] ?? 0).toFixed(3))},`,
  )
  console.log(`/**
 * The classifier's weights, written by scripts/train-router.ts: logistic regression on ${examples.length.toLocaleString('en')} permissively
 * licensed labelled requests, each source weighted by the square root of its size. Not edited by hand.
 */
import type { ClassifierModel } from './classifier.ts'

export const SHIPPED_CLASSIFIER: ClassifierModel = {
  bias: ${Number(model.bias.toFixed(3))},
  weights: {
${lines.join('\n')}
  },
}

/** Keeps ${WANTED_COMPLEX_RECALL * 100} % of complex requests away from the small model on sources that the fit never saw. */
export const DEFAULT_THRESHOLD = ${at.toFixed(2)}`)
}
