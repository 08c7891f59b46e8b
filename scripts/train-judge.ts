/**
 * Trains the head by which a model judges requests from its own states, and writes it beside the model.
 *
 *   npm run train-judge [-- --model NAME] [--tensors A,B] [--pools last,turn_end,mean] [--rows FOLDER_OR_FILE …] [--add ROWS.jsonl …]
 *                       [--validate ROWS.jsonl …] [--out FILE] [--json]
 *
 * The tensors are outputs of the model's graph, in the order of its layers; a decoder is cut behind the last one. States are
 * kept in MODEL_CACHE_DIR, so that the same rows are read once.
 */

import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readInferenceConfig } from '../inference/config.ts'
import { JUDGE_FILE, type JudgeFeatures, writeJudgeHead } from '../inference/engine/judge/judge-head.ts'
import { graphFiles } from '../inference/models/files.ts'
import { resolveModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { digestFile } from '../inference/models/verify.ts'
import { type JudgedRow, type JudgeReport, trainJudge } from '../training/judge-training.ts'
import { readLabelledRequests } from '../training/labelled-requests.ts'
import { createStateReader, type StateReader } from '../training/model-states.ts'

const OWN_ROWS = join(import.meta.dirname, '../training/requests')
/** The residual stream that enters the shipped model's layer 16 of 30: of all layers it tells complex from simple best. */
const SHIPPED_TENSOR = 'layers.16.attn_norm_sum'
const LONGEST = { head: 160, tail: 96 }

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    tensors: { type: 'string', default: SHIPPED_TENSOR },
    pools: { type: 'string', default: 'last,turn_end' },
    rows: { type: 'string', multiple: true, default: [OWN_ROWS] },
    add: { type: 'string', multiple: true, default: [] },
    validate: { type: 'string', multiple: true },
    out: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

try {
  await train()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}

async function train(): Promise<void> {
  const { cacheDir } = readInferenceConfig({ HOST: '127.0.0.1', ...process.env }, availableParallelism())
  const model = resolveModel(values.model, { shippedDir: SHIPPED_DIR, cacheDir })
  const [source] = graphFiles(model) ?? []
  if (source === undefined) throw new Error(`${model.info.name} has its weights in files of their own.`)
  const features: JudgeFeatures = { tensors: values.tensors.split(','), pools: readPools(), longest: LONGEST }
  const graphSha256 = await digestFile(source, 'sha256')
  const reader = await createStateReader({ model, features, graphSha256, cacheDir })
  try {
    const rows = await judged(reader, [
      ...readLabelledRequests(values.rows, 'reject'),
      ...readLabelledRequests(values.add, 'skip'),
    ])
    const validation =
      values.validate && (await judged(reader, readLabelledRequests(values.validate, 'keep')))
    const { head, report } = trainJudge(rows, validation)
    print(report)
    const hiddenSize = head.weights.length / features.tensors.length / features.pools.length
    const out = values.out ?? join(model.folder, JUDGE_FILE)
    const provenance = {
      trainedBy: 'npm run train-judge',
      sources: values.rows.includes(OWN_ROWS)
        ? 'training/requests (MIT, written for this project)'
        : 'given by the operator',
      ...report,
    }
    writeFileSync(out, writeJudgeHead({ ...features, ...head, hiddenSize }, { graphSha256, provenance }))
    console.error(`Written: ${out}`)
  } finally {
    await reader.dispose()
  }
}

function readPools(): JudgeFeatures['pools'] {
  return values.pools.split(',').map((pool) => {
    if (pool === 'last' || pool === 'mean' || pool === 'turn_end') return pool
    throw new Error('--pools: must be some of last, mean, turn_end, with commas between them')
  })
}

async function judged(
  reader: StateReader,
  rows: ReturnType<typeof readLabelledRequests>,
): Promise<readonly JudgedRow[]> {
  const found: JudgedRow[] = []
  for (const row of rows) {
    const states = await reader.read(row.request)
    if (states) found.push({ row, features: states })
    if (found.length % 500 === 0) console.error(`${found.length} of ${rows.length} requests read`)
  }
  return found
}

function print(report: JudgeReport): void {
  if (values.json) {
    console.log(JSON.stringify(report))
    return
  }
  console.log(`${report.rows} rows; judged by what was learned from other sources: AUC ${report.auc.toFixed(4)} (ridge ${report.ridge})
Measured on ${report.measuredOn}: AUC ${report.measuredAuc.toFixed(4)}; at 97 % complex-recall ${(100 * report.simpleRecallAt97).toFixed(1)} % simple-recall; calibration error ${report.expectedCalibrationError.toFixed(3)}`)
}
