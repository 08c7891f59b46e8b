/**
 * `npm run bench:handover`: from which probability of its token on a model should hand over instead of guessing, measured on the
 * exam; with --write, the threshold into its handover.json. What is done with it: docs/judge.md.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readInferenceConfig } from '../inference/config.ts'
import { createEngine } from '../inference/engine/create-engine.ts'
import { HANDOVER_FILE, readHandoverFile } from '../inference/engine/handover/handover-file.ts'
import { resolveModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { limitsOf } from '../inference/serving/limits.ts'
import { readShippedClassifier } from '../llm/shipped-classifier.ts'
import { digestOfWeights, prepareExamined } from '../scripts/examined-model.ts'
import { readTrainingOptions } from '../scripts/training-options.ts'
import { createLanguageCheck } from '../training/exam/answer-language.ts'
import { EXAM_FOLDER, readExamItems } from '../training/exam/exam-item.ts'
import { examine } from '../training/exam/examination.ts'
import { rounded } from '../training/validation.ts'
import { chooseHandover, handoverTrade, type WeighedItem } from './handover/choose-handover.ts'
import { handoverReport } from './handover/handover-report.ts'
import { removeFromHandover, writeHandover } from './handover/write-handover.ts'

const USAGE = `Usage: npm run bench:handover [-- OPTIONS]

  --model      name or folder of the model; the shipped one by default
  --token      the special token with which its answers begin to what it cannot know; by default the one that its
               handover.json names, else <empty_output>
  --lose       of right answers, the share that the threshold may lose; 0.02 by default
  --write      token and threshold into the model's handover.json; out of it where the token tells nothing
  --out        a file that gets the tables as Markdown`

/** The one that training/tune teaches. */
const USUAL_TOKEN = '<empty_output>'

const values = readTrainingOptions(
  USAGE,
  () =>
    parseArgs({
      options: {
        model: { type: 'string', default: '' },
        token: { type: 'string' },
        lose: { type: 'string', default: '0.02' },
        write: { type: 'boolean', default: false },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values,
)
const config = readInferenceConfig({ ...process.env, HOST: '127.0.0.1' }, availableParallelism())
const places = { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir }
const scratch = mkdtempSync(join(tmpdir(), 'handover-'))
try {
  await measure()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const share = Number(values.lose)
  if (!(share >= 0 && share < 1)) throw new Error('--lose: must be a number from 0 to below 1')
  const model = resolveModel(values.model, places, config.dtype)
  const token = values.token ?? ownToken(model.folder) ?? USUAL_TOKEN
  const { name, weights, items } = await weigh(
    withToken(model.folder, token),
    model.info.card?.languages ?? null,
  )
  const threshold = chooseHandover(items, share)
  const examined = new Date().toISOString().slice(0, 10)
  const report = handoverReport(`${name} (${weights}), ${examined}`, items, threshold)
  if (values.out !== undefined) writeFileSync(values.out, resultsDocument(report))
  console.log(report)
  if (!values.write) return
  const { unknowable, unknowableHandedOver } = handoverTrade(items, () => threshold)
  if (unknowableHandedOver === 0) {
    removeFromHandover(model.folder, 'handover')
    console.error(`${token} tells nothing: of ${unknowable} items that cannot be known none is handed over.`)
    return
  }
  const provenance = {
    rows: `${items.length} items of training/exam, answered by ${name} (${weights})`,
    examined,
    graphSha256: await digestOfWeights(model),
    handedOver: rounded(unknowableHandedOver / unknowable),
    rightAnswersLost: share,
  }
  const path = writeHandover(model.folder, { handover: { token, threshold } }, provenance)
  console.error(`Written: ${path}`)
}

/** Returns the token that the model's folder names. */
function ownToken(folder: string): string | undefined {
  const file = readHandoverFile(folder)
  return 'handover' in file ? file.handover?.token : undefined
}

/** Returns a folder with the same files that hands over by the token, whatever the model's own folder says. */
function withToken(folder: string, token: string): string {
  const copy = join(scratch, basename(folder))
  mkdirSync(copy)
  for (const file of readdirSync(folder)) symlinkSync(resolve(folder, file), join(copy, file))
  rmSync(join(copy, HANDOVER_FILE), { force: true })
  writeHandover(copy, { handover: { token, threshold: 1 } }, {})
  return copy
}

/** @param languages those that the model is asked in; null: all */
async function weigh(folder: string, languages: readonly string[] | null) {
  const { model, graph } = await prepareExamined(folder, config, { judge: 'off', threads: 1 })
  const rows = config.maxConcurrency
  const settings = { threads: 1, maxRows: rows, prefixCacheBytes: 0, judge: undefined }
  const engine = await createEngine(model, graph, settings, Math.random)
  try {
    const serving = engine.serving()
    if (serving?.handover && 'reason' in serving.handover)
      throw new Error(`Nothing can be handed over: ${serving.handover.reason}.`)
    const exam = readExamItems(EXAM_FOLDER).filter(({ language }) => languages?.includes(language) ?? true)
    const outcomes = await examine(exam, {
      engine,
      limits: limitsOf(model.info, config),
      // Above every probability: each item is weighed, and answered all the same.
      handoverThreshold: Number.POSITIVE_INFINITY,
      rows,
      isInLanguage: createLanguageCheck(readShippedClassifier()),
      now: () => performance.now(),
    })
    const items = outcomes.flatMap(({ item, handoverScore: score, failures }): WeighedItem[] => {
      if (score === undefined) return []
      const unknowable = item.checks.some(({ is }) => is === 'hands_over')
      return [{ kind: item.kind, unknowable, right: failures.length === 0, score }]
    })
    return { name: model.info.name, weights: serving?.weights ?? model.info.dtype, items }
  } finally {
    await engine.close()
  }
}

function resultsDocument(report: string): string {
  return `# Handing over instead of guessing

Made by \`npm run bench:handover -- --out bench/handover-results.md\`; what it is for: [docs/judge.md](../docs/judge.md).

${report}`
}
