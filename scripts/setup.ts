/**
 * `npm run setup`: cache folder, .env, the model's files, a first question to the model.
 * Asks before a large download; without a terminal it says what it would do and exits with 2.
 */
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { readInferenceConfig } from '../inference/config.ts'
import { makeFolder } from '../inference/models/make-folder.ts'
import { locateModel, missingModelFiles, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { RouterError } from '../shared/errors.ts'
import { setEnvValues } from './env-file.ts'
import { createTerminal, formatBytes, pullModel, tryModel } from './model-console.ts'
import { ROOT } from './run-command.ts'
import { readSettingsFile, SettingsFileError, writeSettingsFile } from './settings/environment.ts'

const USAGE = `Usage: npm run setup -- [--model NAME] [--yes]

  --model NAME   model to use: a name that "npm run models -- list" shows, a repository, or a folder
                 (without it: LOCAL_MODEL_NAME, or the model that comes with the repository)
  --yes          download without asking, however large`

/** Larger downloads than this, in bytes, are asked about. */
const ASK_ABOVE_BYTES = 200_000_000

const out = createTerminal()
process.exitCode = await main(process.argv.slice(2))

async function main(argv: string[]): Promise<number> {
  const options = parse(argv)
  if (!options) {
    process.stderr.write(`${USAGE}\n`)
    return 2
  }
  if (options.help) {
    out.print(USAGE)
    return 0
  }
  try {
    return await setUp(options.model, options.yes)
  } catch (error) {
    if (!(error instanceof RouterError || error instanceof SettingsFileError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

function parse(argv: string[]) {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        model: { type: 'string' },
        yes: { type: 'boolean', short: 'y' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    return { model: values.model, yes: values.yes === true, help: values.help === true }
  } catch {
    return undefined
  }
}

async function setUp(chosen: string | undefined, yes: boolean): Promise<number> {
  const config = readInferenceConfig(
    { ...process.env, HOST: '127.0.0.1', ...(chosen === undefined ? {} : { LOCAL_MODEL_NAME: chosen }) },
    availableParallelism(),
  )
  const places = { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir }
  const location = locateModel(config.modelName, places)
  const missing = location.origin === 'cache' && missingModelFiles(location, config.dtype).length > 0
  if (missing && !yes && !(await mayDownload(location.name, location.catalogue?.downloadBytes))) return 2

  makeFolder(config.cacheDir)
  out.print(`Cache folder: ${config.cacheDir}`)
  writeEnvFile(chosen)
  if (missing)
    await pullModel(location, { dtype: config.dtype, hubUrl: config.hubUrl, token: config.hubToken }, out)
  const { dtype, threads, modelName } = config
  await tryModel(modelName, { places, dtype, threads, prompt: 'Hello! Who are you?' }, out)
  out.print('Ready. Start with: npm start')
  return 0
}

/** A download of unknown size counts as large. */
async function mayDownload(name: string, bytes: number | undefined): Promise<boolean> {
  if (bytes !== undefined && bytes <= ASK_ABOVE_BYTES) return true
  const size = bytes === undefined ? 'a size that is not known beforehand' : formatBytes(bytes)
  if (!process.stdin.isTTY || !out.isTerminal) {
    out.print(`Would download ${name} (${size}). Nothing was changed. Run it again with --yes.`)
    return false
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`Download ${name} (${size})? [y/N] `)
  terminal.close()
  if (/^y(es)?$/i.test(answer.trim())) return true
  out.print('Nothing was changed.')
  return false
}

/** A new file gets everything; in an existing one only the chosen model changes, and what is absent is added. */
function writeEnvFile(chosen: string | undefined): void {
  const path = join(ROOT, '.env')
  const isNew = !existsSync(path)
  const example = join(ROOT, '.env.example')
  const before = isNew ? readFileSync(example, 'utf8') : readSettingsFile(ROOT)
  const defaults = { LOCAL_LLM_ENABLED: 'true', LLM_STRATEGY: 'hybrid' }
  const withDefaults = setEnvValues(before, defaults, !isNew)
  const after =
    chosen === undefined ? withDefaults : setEnvValues(withDefaults, { LOCAL_MODEL_NAME: chosen }, false)
  if (!isNew && after === before) {
    out.print('.env: nothing to change')
    return
  }
  writeSettingsFile(ROOT, after, 'replace')
  out.print(isNew ? '.env: written' : '.env: changed, your other values are kept')
}
