/**
 * `npm run models`: the catalogue and what is on disk; download, try and remove models; what is new of Claude's.
 * Exit codes: 0 done, 1 failed, 2 wrong usage, 3 Claude's list asks for a change.
 */

import { readdirSync, rmSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type InferenceConfig, readInferenceConfig } from '../inference/config.ts'
import { CATALOGUE, findModel } from '../inference/models/catalogue.ts'
import { availableMemory, machineMemory } from '../inference/models/memory.ts'
import { examinedKinds, readCardFile } from '../inference/models/model-card-file.ts'
import { knownFallback } from '../inference/models/prepare-graph.ts'
import {
  locateModel,
  type ModelPlaces,
  missingModelFiles,
  resolveModel,
  SHIPPED_DIR,
} from '../inference/models/resolve.ts'
import { RouterError } from '../shared/errors.ts'
import { describeTrust, type ModelCard } from '../shared/model-card.ts'
import { createAsk } from './ask.ts'
import { compileModel, measureModel } from './model-compiler.ts'
import { createTerminal, formatBytes, pullModel, tryModel } from './model-console.ts'
import { compareWithClaude } from './models/claude-list.ts'

const USAGE = `Usage: npm run models -- COMMAND

  list                        the catalogue and what is on disk, with sizes, memory and license
  pull NAME                   download a model into MODEL_CACHE_DIR
  try NAME [--prompt TEXT]    load a model and ask it one question
  compile NAME                make the graph that the container runs, ahead of its start
  calibrate NAME              measure the activations that int8 is fitted to, and keep them beside the model's graph
  remove NAME                 delete a downloaded model
  claude                      compare the models and prices that are built in with those that Claude lists; exit code 3
                              where a listed model has no price, or a model of the settings is not listed

NAME is a name or alias of the list, a repository such as HuggingFaceTB/SmolLM2-360M-Instruct, or a folder (try only).
LOCAL_MODEL_DTYPE and MODEL_HUB_URL are read from the environment and .env; for claude ANTHROPIC_API_KEY,
ANTHROPIC_BASE_URL, CLAUDE_MODEL, CLAUDE_SIMPLE_MODEL, SAVINGS_BASELINE and PRICES.`

const LIST_TIMEOUT_MS = 15_000
const KINDS_A_LINE = 5

const out = createTerminal()
process.exitCode = await main(process.argv.slice(2))

async function main(argv: string[]): Promise<number> {
  const parsed = parse(argv)
  if (!parsed) {
    process.stderr.write(`${USAGE}\n`)
    return 2
  }
  if (parsed.command === 'help') {
    out.print(USAGE)
    return 0
  }
  try {
    if (parsed.command === 'claude')
      return await compareWithClaude(process.env, createAsk(fetch, LIST_TIMEOUT_MS), out.print)
    // Loopback: these commands open no port, so no secret is asked for.
    const config = readInferenceConfig({ ...process.env, HOST: '127.0.0.1' }, availableParallelism())
    await runCommand(parsed, config)
    return 0
  } catch (error) {
    if (!(error instanceof RouterError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

type Parsed = {
  readonly command: 'list' | 'pull' | 'try' | 'compile' | 'calibrate' | 'remove' | 'claude' | 'help'
  readonly name: string
  readonly prompt: string
}

function parse(argv: string[]): Parsed | undefined {
  try {
    const { positionals, values } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { prompt: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
    const [command, name = '', ...rest] = positionals
    const prompt = values.prompt ?? 'Hello! Who are you?'
    if (values.help || command === 'help') return { command: 'help', name, prompt }
    if (rest.length > 0) return undefined
    if ((command === 'list' || command === 'claude') && name === '') return { command, name, prompt }
    if (isNamed(command) && name !== '') return { command, name, prompt }
    return undefined
  } catch {
    return undefined
  }
}

function isNamed(
  command: string | undefined,
): command is 'pull' | 'try' | 'compile' | 'calibrate' | 'remove' {
  return ['pull', 'try', 'compile', 'calibrate', 'remove'].includes(command ?? '')
}

async function runCommand({ command, name, prompt }: Parsed, config: InferenceConfig): Promise<void> {
  const places = { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir }
  const { dtype, threads } = config
  if (command === 'list') await list(places)
  else if (command === 'try') await tryModel(name, { places, dtype, threads, prompt }, out)
  else if (command === 'compile')
    await compileModel(name, { places, dtype, threads, judge: config.judgeModel }, out)
  else if (command === 'calibrate') await measureModel(name, { places, dtype, threads }, out)
  else if (command === 'remove') remove(name, places)
  else {
    const location = locateModel(name, places)
    if (location.origin !== 'cache') out.print(`${location.name} is here already: ${location.folder}`)
    else await pullModel(location, { dtype, hubUrl: config.hubUrl, token: config.hubToken }, out)
  }
}

async function list(places: ModelPlaces): Promise<void> {
  const available = availableMemory(machineMemory)
  out.print(`Memory available here: ${formatBytes(available)}. Downloads: ${places.cacheDir}\n`)
  for (const model of CATALOGUE) {
    const location = locateModel(model.name, places)
    const resolved = isComplete(location) ? resolveModel(model.name, places) : undefined
    const size = resolved
      ? formatBytes(resolved.info.sizeBytes)
      : `${formatBytes(model.downloadBytes)} to download`
    const fits = model.memoryBytes <= available ? 'fits' : 'does not fit'
    const compiled = resolved?.int8MemoryBytes
    const int8 = compiled !== undefined && compiled <= available ? ', run in int8' : ''
    const card = resolved?.info.card ?? model.card
    out.print(`${resolved ? green('●') : '○'} ${model.name}${resolved ? '  (on disk)' : ''}`)
    out.print(
      `    ${size}, ${model.dtype}${int8}; memory ${formatBytes(model.memoryBytes)}: ${fits}; ${model.license}`,
    )
    out.print(`    ${describeTrust(card.trust)}. ${model.note}`)
    printExam(location.folder, card)
    const slow = resolved && (await knownFallback(resolved, places.cacheDir))
    if (slow !== undefined) out.print(`    Answers one request at a time, by transformers.js: ${slow}`)
  }
  for (const name of otherDownloads(places.cacheDir)) {
    out.print(`● ${name}  (on disk, not in the catalogue)`)
    const folder = join(places.cacheDir, name)
    const card = readCardFile(folder)
    if (card === undefined) continue
    out.print(`    ${describeTrust(card.trust)}`)
    printExam(folder, card)
  }
}

/** What was passed of which kind; kinds that may be trusted have a star. */
function printExam(folder: string, { exam }: ModelCard): void {
  if (exam !== null) out.print(`    Exam: ${exam}`)
  const kinds = examinedKinds(folder).map(
    ({ kind, passed, items, trusted }) => `${kind} ${passed}/${items}${trusted ? '*' : ''}`,
  )
  for (let at = 0; at < kinds.length; at += KINDS_A_LINE)
    out.print(`        ${kinds.slice(at, at + KINDS_A_LINE).join(', ')}`)
}

function remove(name: string, places: ModelPlaces): void {
  const location = locateModel(name, places)
  if (location.origin !== 'cache')
    throw new RouterError(
      'configuration',
      `${location.name} was not downloaded: ${location.folder} is left alone.`,
    )
  if (!statSync(location.folder, { throwIfNoEntry: false }))
    throw new RouterError('configuration', `${location.name} is not on disk.`)
  rmSync(location.folder, { recursive: true })
  out.print(`Removed ${location.folder}`)
}

function isComplete(location: ReturnType<typeof locateModel>): boolean {
  try {
    return missingModelFiles(location).length === 0
  } catch {
    return false
  }
}

function otherDownloads(cacheDir: string): string[] {
  const folders = (path: string) => {
    try {
      return readdirSync(path, { withFileTypes: true }).flatMap((item) =>
        item.isDirectory() ? [item.name] : [],
      )
    } catch {
      return []
    }
  }
  return folders(cacheDir)
    .flatMap((owner) => folders(join(cacheDir, owner)).map((name) => `${owner}/${name}`))
    .filter((name) => !findModel(name))
}

function green(text: string): string {
  return out.isTerminal && !process.env.NO_COLOR ? `\u001b[32m${text}\u001b[39m` : text
}
