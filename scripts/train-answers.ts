/**
 * Tunes a local model on answers that the operator wrote or approved, and lets the new one take the old one's place only
 * where exam and held-out rows are no worse. The tuning itself is Python's (training/tune); this runs its steps in order.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { hasHandoverFile, readHandoverFile } from '../inference/engine/handover/handover-file.ts'
import { SHIPPED_MODEL } from '../inference/models/catalogue.ts'
import { SHIPPED_DIR } from '../inference/models/resolve.ts'
import { examSchema, tuningSchema, whatIsWorse } from '../training/answer-comparison.ts'
import { readAnswerFiles } from '../training/answer-rows.ts'
import { createDuplicateFinder, spokenIn } from '../training/duplicates.ts'
import { EXAM_FOLDER, readExamItems } from '../training/exam/exam-item.ts'
import { replaceFolder } from '../training/replace-folder.ts'
import { ROOT, runNode } from './run-command.ts'
import { readTrainingOptions } from './training-options.ts'

const USAGE = `Usage: npm run train-answers -- --add ROWS.jsonl [OPTIONS]

  --add        rows with answers that you wrote or approved (docs/training.md); may be repeated
  --model      folder of the model that is tuned further; the shipped one by default
  --out        folder of the new model; ./out and the model's name by default
  --epochs     how often each row is read; 2 by default
  --rate       learning rate; 1.5e-3 by default
  --python     a Python with training/tune/requirements.txt; .venv/bin/python by default
  --replace    put the new model in the old one's place where nothing is worse`

const values = readTrainingOptions(
  USAGE,
  () =>
    parseArgs({
      options: {
        add: { type: 'string', multiple: true, default: [] },
        model: { type: 'string', default: join(SHIPPED_DIR, SHIPPED_MODEL) },
        out: { type: 'string' },
        epochs: { type: 'string', default: '2' },
        rate: { type: 'string', default: '1.5e-3' },
        python: { type: 'string', default: join(ROOT, '.venv/bin/python') },
        replace: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
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
  const model = resolve(values.model)
  const out = resolve(values.out ?? join('out', basename(model)))
  if (out === model) throw new Error('--out must be another folder than --model: the two are compared.')
  if (!(Number.isInteger(Number(values.epochs)) && Number(values.epochs) > 0))
    throw new Error('--epochs: must be a whole number, 1 or more')
  if (!(Number(values.rate) > 0)) throw new Error('--rate: must be a number above 0, such as 1.5e-3')
  checkRows(values.add)
  if (!existsSync(values.python))
    throw new Error(`--python: there is no ${values.python}. training/tune/README.md says how to make one.`)
  mkdirSync(out, { recursive: true })
  const tuned = join(out, 'tuned.npz')
  const rows = values.add.flatMap((file) => ['--add', resolve(file)])
  const { epochs, rate } = values
  await python(
    'tune.py',
    tuned,
    '--start',
    model,
    '--model',
    model,
    '--epochs',
    epochs,
    '--rate',
    rate,
    ...rows,
  )
  await python('write_model.py', tuned, model, out)
  await command('scripts/models.ts', 'calibrate', out)
  const tuning = tuningSchema.parse(JSON.parse(readFileSync(join(out, 'tuned.json'), 'utf8')))
  const worse = whatIsWorse(tuning, { before: await exam(model), after: await exam(out) })
  if (tuning.after.added === undefined)
    console.log('None of your rows was held out (one in nine is, by its id): nothing was measured on them.')
  for (const each of worse) console.log(`Worse: ${each}`)
  if (worse.length > 0) {
    console.log(`The new model stays in ${out}; nothing was replaced.`)
    process.exitCode = 1
    return
  }
  console.log(`No worse than before: ${out}`)
  if (!values.replace) return
  const isModelFile = (path: string) => !path.startsWith(tuned.slice(0, -'.npz'.length))
  replaceFolder(out, model, isModelFile)
  console.log(`Replaced: ${model}`)
  // Thresholds were chosen on other weights. Only in the old one's place is the new model known by what is said of it, such as
  // its languages.
  if (hasHandoverFile(model) && 'handover' in readHandoverFile(model))
    await command('bench/handover.ts', '--model', model, '--write')
  await command('bench/verification.ts', '--model', model, '--write')
  await command('scripts/exam.ts', '--model', model, '--write')
}

/** @throws {Error} for rows that are malformed, or that ask what the exam asks */
function checkRows(files: readonly string[]): void {
  if (files.length === 0) throw new Error(`--add is missing.\n\n${USAGE}`)
  const find = createDuplicateFinder()
  for (const item of readExamItems(EXAM_FOLDER)) find(item.id, spokenIn(item))
  for (const { where, row } of readAnswerFiles(files)) {
    // Rows are not kept: one that is like another and like an item would be taken for the other's twin.
    const twin = find(undefined, spokenIn(row))
    if (twin !== undefined)
      throw new Error(
        `${where}: asks what item ${twin} of the exam asks: an exam that was learned says nothing. Leave the row out.`,
      )
  }
}

async function python(script: string, ...args: readonly string[]): Promise<void> {
  await execa(values.python, [join(ROOT, 'training/tune', script), ...args], { stdio: 'inherit' })
}

async function command(script: string, ...args: readonly string[]): Promise<void> {
  const { code } = await runNode([join(ROOT, script), ...args], { show: true })
  if (code !== 0)
    throw new Error(
      `This failed, and nothing was done after it: node scripts/run.mjs ${[script, ...args].join(' ')}`,
    )
}

async function exam(model: string) {
  const { stdout } = await execa(
    process.execPath,
    [join(ROOT, 'scripts/exam.ts'), '--model', model, '--json'],
    {
      stderr: 'inherit',
    },
  )
  return examSchema.parse(JSON.parse(stdout))
}
