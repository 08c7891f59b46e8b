/**
 * Examines a model: puts the items of training/exam to it as the container would, and says what passed, what failed and why.
 * What the answers earn is decided in shared/exam-kinds.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { readInferenceConfig } from '../inference/config.ts'
import { handoverOf } from '../inference/engine/handover/handover.ts'
import { createEngineProcess } from '../inference/engine/process.ts'
import { seededRandom } from '../inference/engine/text/sampler.ts'
import { encodeModelCard, modelCardPath } from '../inference/models/model-card-file.ts'
import { locateModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { limitsOf } from '../inference/serving/limits.ts'
import { readShippedClassifier } from '../llm/shipped-classifier.ts'
import { describeTrust } from '../shared/model-card.ts'
import { createLanguageCheck } from '../training/exam/answer-language.ts'
import { comparisonTable, readExamReport } from '../training/exam/exam-comparison.ts'
import { EXAM_FOLDER, readExamItems } from '../training/exam/exam-item.ts'
import {
  countBy,
  countOutcomes,
  examFailures,
  examinedCard,
  examTable,
} from '../training/exam/exam-report.ts'
import { type ExamOutcome, examine } from '../training/exam/examination.ts'
import { compareReading, drawForm, parseForm } from '../training/exam/reader-form.ts'
import { digestOfWeights, prepareExamined } from './examined-model.ts'
import { readTrainingOptions } from './training-options.ts'

const USAGE = `Usage: npm run exam [-- OPTIONS]

  --model      name or folder of the model; the shipped one by default
  --task       items of this task only; may be repeated
  --kind       items of this kind only; may be repeated
  --write      the model card that follows, beside the model; needs all items
  --out        a file that gets the table as Markdown
  --beside     a report of another model (--json > FILE) on the same items, in a table with this one; may be repeated
  --read N     in the place of the report, N answers as a form (JSON lines) in which a reader says right, wrong or harmful
  --verdicts   such a form, filled in: how often reader and checks disagree. Asks no model
  --json       the report for programs`
/** Nobody waits here, and the machine may be busy: only a model that hangs is given up. */
const LONGEST_SILENCE_MS = 600_000
/** The same answers are drawn each time. */
const FORM_SEED = 1

const values = readTrainingOptions(
  USAGE,
  () =>
    parseArgs({
      options: {
        model: { type: 'string', default: '' },
        task: { type: 'string', multiple: true, default: [] },
        kind: { type: 'string', multiple: true, default: [] },
        write: { type: 'boolean', default: false },
        out: { type: 'string' },
        beside: { type: 'string', multiple: true, default: [] },
        read: { type: 'string' },
        verdicts: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values,
)
try {
  if (values.verdicts !== undefined) reportReading(values.verdicts)
  else await examineModel()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}

async function examineModel(): Promise<void> {
  const formRows = values.read === undefined ? undefined : Number(values.read)
  if (formRows !== undefined && !(Number.isInteger(formRows) && formRows > 0))
    throw new Error('--read: must be a whole number, 1 or more')
  const all = readExamItems(EXAM_FOLDER)
  const isAsked = (wanted: readonly string[], value: string) => wanted.length === 0 || wanted.includes(value)
  const items = all.filter(({ task, kind }) => isAsked(values.task, task) && isAsked(values.kind, kind))
  if (items.length === 0) throw new Error('There are no such items: see shared/exam-kinds.ts.')
  if (values.write && items.length < all.length) throw new Error('--write needs all items.')
  const others = values.beside.map(readExamReport)

  const config = readInferenceConfig({ ...process.env, HOST: '127.0.0.1' }, availableParallelism())
  const places = { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir }
  const { model, graph } = await prepareExamined(values.model, config, {
    judge: 'off',
    threads: config.threads,
  })
  const now = () => performance.now()
  const engine = createEngineProcess(model, {
    graph,
    settings: { threads: config.threads, maxRows: config.maxConcurrency, prefixCacheBytes: 0 },
    watchdogTimeoutMs: LONGEST_SILENCE_MS,
    env: process.env,
    now,
  })
  try {
    await engine.ready
    const serving = engine.serving()
    const { rows = 1, weights = model.info.dtype } = serving ?? {}
    if (serving?.reason !== undefined) console.error(`Served by transformers.js: ${serving.reason}`)
    let answered = 0
    const outcomes = await examine(items, {
      engine,
      limits: limitsOf(model.info, config),
      handoverThreshold: handoverOf(serving)?.threshold,
      rows,
      isInLanguage: createLanguageCheck(readShippedClassifier()),
      now,
      onOutcome: () => {
        answered++
        if (answered % 50 === 0) console.error(`${answered} of ${items.length} items answered`)
      },
    })
    const examined = new Date().toISOString().slice(0, 10)
    const heading = `${model.info.name} (${weights}), ${rows} answers at a time, ${examined}`
    const report = reportOf(heading, outcomes)
    const comparison = others.length === 0 ? [] : [comparisonTable([...others, report])]
    const tables = [heading, examTable(outcomes), ...comparison].join('\n\n')
    if (values.out !== undefined) writeFileSync(values.out, resultsDocument(tables))
    if (formRows === undefined) print(report, tables)
    else
      for (const row of drawForm(outcomes, formRows, seededRandom(FORM_SEED)))
        console.log(JSON.stringify(row))
    if (!values.write) return
    const card = examinedCard(outcomes, {
      model: model.info.name,
      weights,
      graphSha256: await digestOfWeights(model),
      examined,
      before: locateModel(values.model, places).catalogue?.card,
    })
    const path = modelCardPath(model.folder)
    writeFileSync(path, encodeModelCard(card))
    console.error(`Written: ${path}: ${describeTrust(card.card.trust)}`)
  } finally {
    await engine.close()
  }
}

function reportOf(model: string, outcomes: readonly ExamOutcome[]) {
  return {
    model,
    all: countOutcomes(outcomes),
    byTask: Object.fromEntries(countBy(outcomes, ({ item }) => item.task)),
    byKind: Object.fromEntries(countBy(outcomes, ({ item }) => item.kind)),
    failures: examFailures(outcomes),
  }
}

function print(report: ReturnType<typeof reportOf>, tables: string): void {
  if (values.json) {
    console.log(JSON.stringify(report))
    return
  }
  console.log(tables)
  for (const { id, kind, promptEnd, answer, failures: wrong } of report.failures)
    console.log(`\n${id} (${kind}): ${wrong.join('; ')}\n  … ${promptEnd}\n  > ${answer ?? '(declined)'}`)
}

function resultsDocument(tables: string): string {
  return `# The exam of local models

Made by \`npm run exam -- --out bench/exam-results.md\`; what it means: [docs/exam.md](../docs/exam.md).

${tables}
`
}

function reportReading(file: string): void {
  const reading = compareReading(parseForm(readFileSync(file, 'utf8'), file))
  if (values.json) {
    console.log(JSON.stringify(reading))
    return
  }
  const { read, wronglyPassed, wronglyFailed, harmful, rows } = reading
  console.log(
    `${read} answers read: ${wronglyPassed} passed the checks and are not right, ${wronglyFailed} failed them and are right; ${harmful} harmful.`,
  )
  for (const { id, verdict, why, answer } of rows) console.log(`${id}: ${verdict}, ${why}\n  > ${answer}`)
}
