/**
 * Trains the edge's classifier on labelled requests and writes its weights, if they are no worse than those before.
 *
 *   npm run train-router [-- --rows FOLDER_OR_FILE …] [--add ROWS.jsonl …] [--out FILE] [--force] [--json]
 *
 * Sources are left out in turn for the figures. The same rows give the same file, byte for byte.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type ClassifierModel,
  decodeClassifier,
  encodeClassifier,
} from '../edge/routing/classifier/classifier-model.ts'
import { SHIPPED_WEIGHTS } from '../llm/shipped-classifier.ts'
import { readLabelledRequests } from '../training/labelled-requests.ts'
import { type RouterReport, trainRouter } from '../training/router-training.ts'

const OWN_ROWS = join(import.meta.dirname, '../training/requests')
/** Figures of folds differ by this much from rows to rows without anything being worse. */
const TOLERANCE = 0.005

const { values } = parseArgs({
  options: {
    rows: { type: 'string', multiple: true, default: [OWN_ROWS] },
    add: { type: 'string', multiple: true, default: [] },
    out: { type: 'string', default: SHIPPED_WEIGHTS },
    force: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

try {
  const rows = readLabelledRequests([...values.rows, ...values.add])
  const { model, report } = trainRouter(rows, {
    trainedBy: 'npm run train-router',
    sources: values.rows.includes(OWN_ROWS)
      ? 'training/requests (MIT, written for this project)'
      : 'given by the operator',
    ...(values.add.length > 0 ? { added: `${values.add.length} files of the operator` } : {}),
  })
  print(report)
  const worse = existsSync(values.out)
    ? worseThan(decodeClassifier(readFileSync(values.out)), report)
    : undefined
  if (worse !== undefined && !values.force) {
    console.error(`Not written: ${worse}. With --force it is written all the same.`)
    process.exitCode = 1
  } else {
    const file = encodeClassifier(model)
    writeFileSync(values.out, file)
    console.error(`Written: ${values.out}, ${Math.round(file.length / 1024)} KiB.`)
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}

function print(report: RouterReport): void {
  const { scored: _scored, ...figures } = report
  if (values.json) {
    console.log(JSON.stringify(figures))
    return
  }
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  console.log(`${report.rows} rows from ${report.sources} sources; each judged by what was learned from the others:
AUC ${report.auc.toFixed(4)}; at 97 % complex-recall ${percent(report.simpleRecall)} simple-recall; calibration error ${report.calibrationError.toFixed(3)}
task ${percent(report.taskAccuracy)}, language ${percent(report.languageAccuracy)}`)
}

/** Says in what the report is worse than what stands in a file, undefined where it is not. */
function worseThan({ provenance }: ClassifierModel, report: RouterReport): string | undefined {
  const before = (provenance as { leaveSourcesOut?: { auc?: number; simpleRecallAt97?: number } } | undefined)
    ?.leaveSourcesOut
  if (before?.auc !== undefined && report.auc < before.auc - TOLERANCE)
    return `AUC on sources left out would be ${report.auc.toFixed(4)} instead of ${before.auc}`
  if (before?.simpleRecallAt97 !== undefined && report.simpleRecall < before.simpleRecallAt97 - 4 * TOLERANCE)
    return `simple-recall at 97 % would be ${report.simpleRecall.toFixed(3)} instead of ${before.simpleRecallAt97}`
  return undefined
}
