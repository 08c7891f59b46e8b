/**
 * Trains the edge's classifier on labelled requests and writes its weights, if they are no worse than those before.
 *
 * The same rows give the same file, byte for byte. What scores mean is measured on the rows of --validate, which train
 * nothing, and kept beside the training rows where the weights are the edge's own; without it, and for rows that were never
 * measured, on folds that leave sources out.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type ClassifierModel,
  decodeClassifier,
  encodeClassifier,
} from '../edge/routing/classifier/classifier-model.ts'
import { SHIPPED_WEIGHTS } from '../llm/shipped-classifier.ts'
import { readLabelledRequests } from '../training/labelled-requests.ts'
import type { RouterCalibration } from '../training/router-calibration.ts'
import { type RouterReport, trainRouter } from '../training/router-training.ts'
import {
  describeSources,
  ROWS_BY_THEMSELVES,
  ROWS_OPTIONS,
  ROWS_USAGE,
  readTrainingOptions,
} from './training-options.ts'

const USAGE = `Usage: npm run train-router [-- OPTIONS]

${ROWS_USAGE}
  --out        the file that is written: the edge's own weights by default
  --force      write it although it is worse than what is there
  --json       the report for programs`
const CALIBRATION = join(import.meta.dirname, '../training/router-calibration.json')
/** Figures of folds differ by this much from rows to rows without anything being worse. */
const TOLERANCE = 0.005

const values = readTrainingOptions(
  USAGE,
  () =>
    parseArgs({
      options: {
        ...ROWS_OPTIONS,
        rows: { type: 'string', multiple: true, default: ROWS_BY_THEMSELVES },
        out: { type: 'string', default: SHIPPED_WEIGHTS },
        force: { type: 'boolean', default: false },
      },
    }).values,
)

try {
  const own = readLabelledRequests(values.rows, 'reject')
  const rows = [...own, ...readLabelledRequests(values.add, 'skip', own)]
  const { model, report } = trainRouter({
    rows,
    provenance: {
      trainedBy: 'npm run train-router',
      sources: describeSources(values.rows),
      ...(values.add.length > 0 ? { added: `${values.add.length} files of the operator` } : {}),
    },
    validation: values.validate && {
      rows: readLabelledRequests(values.validate, 'keep'),
      date: new Date().toISOString().slice(0, 10),
    },
    known: readCalibration(),
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
    // Of weights for another place it would be kept in that of the edge's own, which could not be made again.
    if (values.validate && resolve(values.out) === SHIPPED_WEIGHTS)
      writeFileSync(CALIBRATION, `${JSON.stringify(report.calibration, null, 2)}\n`)
    console.error(`Written: ${values.out}, ${Math.round(file.length / 1024)} KiB.`)
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}

function readCalibration(): RouterCalibration | undefined {
  return existsSync(CALIBRATION) ? JSON.parse(readFileSync(CALIBRATION, 'utf8')) : undefined
}

function print(report: RouterReport): void {
  if (values.json) {
    console.log(JSON.stringify(report))
    return
  }
  const percent = (share: number) => (Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)} %`)
  const { calibration } = report
  console.log(`${report.rows} rows from ${report.sources} sources; each judged by what was learned from the others:
AUC ${report.auc.toFixed(4)}, task ${percent(report.taskAccuracy)}, language ${percent(report.languageAccuracy)}, sensitive ${percent(report.sensitiveRecall)}
Measured on ${calibration.measuredOn}:
AUC ${calibration.auc.toFixed(4)}; at 97 % complex-recall ${percent(calibration.simpleRecallAt97)} simple-recall; calibration error ${calibration.expectedCalibrationError.toFixed(3)}`)
}

/** Says in what the report is worse than what stands in a file, undefined where it is not. */
function worseThan({ provenance }: ClassifierModel, { auc }: RouterReport): string | undefined {
  const before = (provenance as { aucOfFolds?: number } | undefined)?.aucOfFolds
  if (before === undefined || auc >= before - TOLERANCE) return undefined
  return `the AUC on sources left out would be ${auc.toFixed(4)} instead of ${before}`
}
