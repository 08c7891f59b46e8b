/**
 * Which measure tells right answers of a local model from wrong ones, on kinds of requests that it was not fitted on; what a
 * threshold holds back and loses; and, with --write, the threshold into the model's handover.json.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { readInferenceConfig } from '../inference/config.ts'
import { type ResolvedModel, resolveModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { limitsOf } from '../inference/serving/limits.ts'
import { readShippedClassifier } from '../llm/shipped-classifier.ts'
import { digestOfWeights, prepareExamined } from '../scripts/examined-model.ts'
import { readTrainingOptions } from '../scripts/training-options.ts'
import { createLanguageCheck } from '../training/exam/answer-language.ts'
import { EXAM_FOLDER, type ExamItem, readExamItems } from '../training/exam/exam-item.ts'
import { rounded } from '../training/validation.ts'
import { removeFromHandover, writeHandover } from './handover/write-handover.ts'
import { chooseThreshold } from './verification/choose-threshold.ts'
import { gradeAnswers } from './verification/grade-answers.ts'
import { type GradedAnswers, readGradedAnswers, writeGradedAnswers } from './verification/graded-answer.ts'
import { verificationReport } from './verification/verification-report.ts'

const USAGE = `Usage: npm run bench:verification [-- OPTIONS]

  --model      name or folder of the model; the shipped one by default
  --answers    a file that keeps the model's answers: read where it is there, written where it is not
  --second N   of N answers, the model is asked whether they are right, too; takes longer than an answer
  --lose       of right answers, the share that the threshold may lose; 0.1 by default
  --write      measure, tasks and threshold into the model's handover.json; out of it where no measure is of use
  --out        a file that gets the tables as Markdown
  --json       figures for programs`

const values = readTrainingOptions(
  USAGE,
  () =>
    parseArgs({
      options: {
        model: { type: 'string', default: '' },
        answers: { type: 'string' },
        second: { type: 'string', default: '0' },
        lose: { type: 'string', default: '0.1' },
        write: { type: 'boolean', default: false },
        out: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values,
)
const config = readInferenceConfig({ ...process.env, HOST: '127.0.0.1' }, availableParallelism())
const places = { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir }
try {
  await measure()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}

async function measure(): Promise<void> {
  const share = Number(values.lose)
  if (!(share >= 0 && share < 1)) throw new Error('--lose: must be a number from 0 to below 1')
  const model = resolveModel(values.model, places, config.dtype)
  const languages = model.info.card?.languages ?? null
  const isAsked = ({ language }: { readonly language: string }) => languages?.includes(language) ?? true
  const all = await answersOf(model, values.answers, isAsked)
  const graded = { ...all, answers: all.answers.filter(isAsked) }
  const chosen = chooseThreshold(graded.answers, share)
  const report = verificationReport(graded, chosen)
  if (values.out !== undefined) writeFileSync(values.out, resultsDocument(report))
  if (values.json) {
    const { measure, ...figures } = chosen ?? {}
    const { answers, ...about } = graded
    console.log(JSON.stringify({ ...about, answers: answers.length, measure: measure?.served, ...figures }))
  } else console.log(report)
  if (!values.write) return
  if (chosen === undefined) {
    removeFromHandover(model.folder, 'verification')
    console.error('No measure is of use for this model: its answers are not verified.')
    return
  }
  const { measure, tasks, threshold, area } = chosen
  const provenance = {
    rows: `${graded.answers.length} answers of ${graded.model} to training/exam`,
    examined: graded.examined,
    graphSha256: graded.graphSha256,
    areaUnderCurve: rounded(area),
    rightAnswersLost: share,
  }
  const verification = { measure: measure.served, tasks, threshold }
  console.error(`Written: ${writeHandover(model.folder, { verification }, provenance)}`)
}

/** @param isAsked whether the model is asked for items in the language at all */
async function answersOf(
  model: ResolvedModel,
  path: string | undefined,
  isAsked: (item: ExamItem) => boolean,
): Promise<GradedAnswers> {
  const graphSha256 = await digestOfWeights(model)
  if (path !== undefined && existsSync(path)) return readGradedAnswers(path, graphSha256)
  const secondReadings = Number(values.second)
  if (!(Number.isInteger(secondReadings) && secondReadings >= 0))
    throw new Error('--second: must be a whole number, 0 or more')
  const prepared = await prepareExamined(values.model, config, { judge: config.judgeModel, threads: 1 })
  const graded = await gradeAnswers(readExamItems(EXAM_FOLDER).filter(isAsked), {
    prepared,
    limits: limitsOf(prepared.model.info, config),
    rows: config.maxConcurrency,
    isInLanguage: createLanguageCheck(readShippedClassifier()),
    graphSha256,
    examined: new Date().toISOString().slice(0, 10),
    secondReadings,
    onProgress: (text) => console.error(text),
  })
  if (path !== undefined) writeGradedAnswers(path, graded)
  return graded
}

function resultsDocument(report: string): string {
  return `# Verifying whole answers

Made by \`npm run bench:verification -- --out bench/verification-results.md\`; what it is for: [docs/judge.md](../docs/judge.md).

${report}`
}
