/**
 * Which measure tells right answers of a local model from wrong ones, on kinds of requests that it was not fitted on; what a
 * threshold holds back and loses; and, with --write, the threshold into the model's handover.json.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { readInferenceConfig } from '../inference/config.ts'
import { machineMemory } from '../inference/models/memory.ts'
import { prepareModel } from '../inference/models/prepare.ts'
import { locateModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { limitsOf } from '../inference/serving/limits.ts'
import { readShippedClassifier } from '../llm/shipped-classifier.ts'
import { readTrainingOptions } from '../scripts/training-options.ts'
import { createLanguageCheck } from '../training/exam/answer-language.ts'
import { EXAM_FOLDER, readExamItems } from '../training/exam/exam-item.ts'
import { rounded } from '../training/validation.ts'
import { gradeAnswers } from './verification/grade-answers.ts'
import { type GradedAnswers, readGradedAnswers, writeGradedAnswers } from './verification/graded-answer.ts'
import { measureLeftOut, scored, thresholdLosing } from './verification/kinds-left-out.ts'
import { MEASURES, SERVED_MEASURES } from './verification/measures.ts'
import { verificationReport } from './verification/verification-report.ts'
import { writeVerification } from './verification/write-verification.ts'

const USAGE = `Usage: npm run bench:verification [-- OPTIONS]

  --model      name or folder of the model; the shipped one by default
  --answers    a file that keeps the model's answers: read where it is there, written where it is not
  --lose       of right answers, the share that the threshold may lose; 0.1 by default
  --write      measure and threshold into the model's handover.json
  --out        a file that gets the tables as Markdown
  --json       figures for programs`

const values = readTrainingOptions(
  USAGE,
  () =>
    parseArgs({
      options: {
        model: { type: 'string', default: '' },
        answers: { type: 'string' },
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
  const graded = await answersOf(values.answers)
  const { answers } = graded
  const results = MEASURES.map((measure) => measureLeftOut(measure, answers))
  const areaOf = (name: string) => results.find(({ measure }) => measure.name === name)?.pooled ?? 0
  const [measure] = SERVED_MEASURES.toSorted((a, b) => areaOf(b.name) - areaOf(a.name))
  if (measure === undefined) throw new Error('There is no measure.')
  const rows = answers.flatMap((answer) => scored(answer, measure.fit(answers)))
  const threshold = rounded(thresholdLosing(rows, share))
  const report = verificationReport(graded, results, { measure, threshold, share })
  if (values.out !== undefined) writeFileSync(values.out, resultsDocument(report))
  if (values.json) {
    const areas = results.map(({ measure: { name }, pooled, within }) => ({ name, pooled, within }))
    console.log(
      JSON.stringify({ ...graded, answers: answers.length, areas, measure: measure.served, threshold }),
    )
  } else console.log(report)
  if (!values.write) return
  const { folder } = locateModel(values.model, places)
  const provenance = {
    rows: `${answers.length} answers of ${graded.model} to training/exam`,
    examined: graded.examined,
    areaUnderCurve: rounded(areaOf(measure.name)),
    rightAnswersLost: share,
  }
  const path = writeVerification(folder, { measure: measure.served, threshold }, provenance)
  console.error(`Written: ${path}`)
}

async function answersOf(path: string | undefined): Promise<GradedAnswers> {
  if (path !== undefined && existsSync(path)) return readGradedAnswers(path)
  const { signal } = new AbortController()
  const prepared = await prepareModel({
    name: values.model,
    dtype: config.dtype,
    judge: config.judgeModel,
    places,
    download: { fetch, hubUrl: config.hubUrl, token: config.hubToken, signal },
    memory: machineMemory,
    threads: 1,
    signal,
    onDownload: (name) => console.error(`Downloading ${name}`),
    onCompile: (form) => console.error(`Compiling (${form})`),
  })
  const graded = await gradeAnswers(readExamItems(EXAM_FOLDER), {
    prepared,
    limits: limitsOf(prepared.model.info, config),
    rows: config.maxConcurrency,
    isInLanguage: createLanguageCheck(readShippedClassifier()),
    examined: new Date().toISOString().slice(0, 10),
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
