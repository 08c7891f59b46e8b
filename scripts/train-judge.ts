/**
 * Trains the head by which a model judges requests from its own states, and writes it beside the model.
 *
 * States are kept in MODEL_CACHE_DIR, so that the same rows are read once.
 */

import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readInferenceConfig } from '../inference/config.ts'
import {
  JUDGE_FILE,
  type JudgeFeatures,
  POOLS,
  writeJudgeHead,
} from '../inference/engine/judge/judge-head.ts'
import { graphFiles } from '../inference/models/files.ts'
import { type ResolvedModel, resolveModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { digestFile } from '../inference/models/verify.ts'
import { readShippedClassifier } from '../llm/shipped-classifier.ts'
import { fitCombination } from '../training/combination-training.ts'
import { defaultPools, defaultTensors } from '../training/default-states.ts'
import { type JudgedRow, type JudgeReport, trainJudge } from '../training/judge-training.ts'
import { readLabelledRequests, usesNoTools } from '../training/labelled-requests.ts'
import { createStateReader, type StateReader } from '../training/model-states.ts'
import { digestRows } from '../training/router-calibration.ts'
import {
  describeSources,
  ROWS_IN_CONTEXT,
  ROWS_OPTIONS,
  ROWS_USAGE,
  readTrainingOptions,
} from './training-options.ts'

const USAGE = `Usage: npm run train-judge [-- OPTIONS]

  --model      name or folder of the model; the shipped one by default
  --tensors    A,B: tensors of its graph, in the order of its layers; a decoder is cut behind the last one.
               By default what enters the middle layer, or the last hidden state of an encoder
  --pools      some of ${POOLS.join(', ')}, with commas between them
${ROWS_USAGE}
  --out        the file that is written: judge.json beside the model's own by default
  --json       the report for programs`
const LONGEST = { head: 160, tail: 96 }

const values = readTrainingOptions(
  USAGE,
  () =>
    parseArgs({
      options: {
        ...ROWS_OPTIONS,
        rows: { type: 'string', multiple: true, default: ROWS_IN_CONTEXT },
        model: { type: 'string', default: '' },
        tensors: { type: 'string' },
        pools: { type: 'string' },
        out: { type: 'string' },
      },
    }).values,
)
try {
  await train()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}

async function train(): Promise<void> {
  const config = readInferenceConfig({ ...process.env, HOST: '127.0.0.1' }, availableParallelism())
  const { cacheDir, dtype } = config
  // The files that the container loads: a head fits no other graph.
  const model = resolveModel(values.model, { shippedDir: SHIPPED_DIR, cacheDir }, dtype)
  const [source] = graphFiles(model) ?? []
  if (source === undefined) throw new Error(`${model.info.name} has its weights in files of their own.`)
  const features = chooseFeatures(model, source)
  const graphSha256 = await digestFile(source, 'sha256')
  const reader = await createStateReader({ model, features, graphSha256, cacheDir })
  try {
    const own = readLabelledRequests(values.rows, 'reject')
    const rows = await judged(reader, [...own, ...readLabelledRequests(values.add, 'skip', own)])
    const measured = values.validate && readLabelledRequests(values.validate, 'keep')
    const validation = measured && (await judged(reader, measured))
    const withTools = measured?.filter((row) => !usesNoTools(row)).length ?? 0
    const { head, report } = trainJudge(rows, validation)
    print(report)
    if (validation)
      console.error(
        `With the edge's score (COMBINATION in edge/routing/second-look/combination.ts): ${JSON.stringify(fitCombination(readShippedClassifier(), head, validation, withTools))}`,
      )
    const hiddenSize = head.weights.length / features.tensors.length / features.pools.length
    const out = values.out ?? join(model.folder, JUDGE_FILE)
    const provenance = {
      trainedBy: 'npm run train-judge',
      sources: describeSources(values.rows),
      rowsSha256: digestRows(rows.map(({ row }) => row)),
      ...report,
    }
    writeFileSync(out, writeJudgeHead({ ...features, ...head, hiddenSize }, { graphSha256, provenance }))
    console.error(`Written: ${out}`)
  } finally {
    await reader.dispose()
  }
}

/** The states that were asked for; what was not is chosen, and said. */
function chooseFeatures({ info }: ResolvedModel, source: string): JudgeFeatures {
  const pools = values.pools === undefined ? defaultPools(info) : readPools(values.pools)
  const { tensors, meaning } =
    values.tensors === undefined
      ? defaultTensors(info, source)
      : { tensors: values.tensors.split(','), meaning: 'as named' }
  console.error(`States: ${tensors.join(', ')} (${meaning}), pooled: ${pools.join(', ')}`)
  return { tensors, pools, longest: LONGEST }
}

function readPools(text: string): JudgeFeatures['pools'] {
  return text.split(',').map((name) => {
    const pool = POOLS.find((known) => known === name)
    if (pool === undefined)
      throw new Error(`--pools: must be some of ${POOLS.join(', ')}, with commas between them`)
    return pool
  })
}

async function judged(
  reader: StateReader,
  rows: ReturnType<typeof readLabelledRequests>,
): Promise<readonly JudgedRow[]> {
  const found: JudgedRow[] = []
  for (const [index, row] of rows.entries()) {
    const states = await reader.read(row.request)
    if (states) found.push({ row, features: states })
    if ((index + 1) % 500 === 0) console.error(`${index + 1} of ${rows.length} requests read`)
  }
  return found
}

function print(report: JudgeReport): void {
  if (values.json) {
    console.log(JSON.stringify(report))
    return
  }
  console.log(`${report.rows} rows; judged by what was learned from other sources: AUC ${report.auc.toFixed(4)}
Measured on ${report.measuredOn}: AUC ${report.measuredAuc.toFixed(4)}; at 97 % complex-recall ${(100 * report.simpleRecallAt97).toFixed(1)} % simple-recall; calibration error ${report.expectedCalibrationError.toFixed(3)}`)
}
