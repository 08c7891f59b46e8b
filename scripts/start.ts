/**
 * `npm start` and `npm run dev`: the composition root of the local stack. Reads the settings, claims the ports, starts
 * edge and container, prints what is ready, and ends everything with this process. `--watch` restarts on changes.
 */
import { watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { readConfig, SETTING_NAMES } from '../edge/config.ts'
import { createAsk, readAnswer } from './ask.ts'
import { ROOT } from './run-command.ts'
import {
  createSettingsFile,
  readEnvironment,
  readSettingsFile,
  SettingsFileError,
  withoutEmpty,
} from './settings/environment.ts'
import { unreadNameNotes } from './settings/unread-names.ts'
import { claimPorts, type WantedPort } from './stack/ports.ts'
import type { Ending, Program } from './stack/process-group.ts'
import { startStack } from './stack/stack.ts'
import { PortError, readStackSettings, type StackSettings } from './stack/stack-settings.ts'
import { edgeLines, loadingLine, modelLines, startingLines } from './stack/welcome.ts'
import { readableEdgeLine, wranglerArguments, wranglerEnvironment } from './stack/wrangler-dev.ts'

const USAGE = `Usage: npm start, or npm run dev

  --watch   restart on changes of sources and of .env (what npm run dev does)
  --help    this text

Settings are in .env, which the first start writes from .env.example. Ctrl-C ends every process.`

const ASK_EVERY_MS = 200
/** Whoever has our port either answers at once or is not us, ms. */
const ASK_TIMEOUT_MS = 2_000
const STILL_LOADING_EVERY_MS = 30_000

const modelSchema = z.looseObject({ model: z.string() })

const watching = readArguments()
const say = (line: string) => console.log(line)
const pause = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => {})
const ask = createAsk(fetch, ASK_TIMEOUT_MS)
const ending = new AbortController()
let round = new AbortController()
let stopStack: (() => Promise<void>) | undefined
let claimed: readonly number[] = []

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
// Whoever reads our output may leave first (npm start | head); the processes have to end all the same.
process.stdout.on('error', () => void end(0))

await launch()
if (watching) restartOnChangedSettings()

function readArguments(): boolean {
  try {
    const { values } = parseArgs({
      options: { watch: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help !== true) return values.watch === true
    console.log(USAGE)
    process.exit(0)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    process.exit(2)
  }
}

/** Starts with the settings of now, or ends with what is wrong about them. */
async function launch(): Promise<void> {
  try {
    if (createSettingsFile(ROOT))
      say('Wrote .env from .env.example: your settings live there, git ignores it.')
    const environment = withoutEmpty(readEnvironment(ROOT))
    const settings = readStackSettings(environment, SETTING_NAMES)
    const checked = await readConfig(settings.edge)
    const problems = checked.ok ? [] : checked.problems
    // An edge that refuses every request has no use for a model.
    const noContainer = checked.ok ? settings.noContainer : 'a setting is wrong'
    const notes = [...settings.notes, ...unreadNameNotes(readSettingsFile(ROOT))]
    await start({ ...settings, noContainer, notes }, problems, environment)
  } catch (error) {
    if (!(error instanceof SettingsFileError || error instanceof PortError)) throw error
    console.error(error.message)
    await end(1)
  }
}

async function start(
  settings: StackSettings,
  problems: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const wanted: WantedPort[] = [{ port: settings.routerPort, setting: 'ROUTER_PORT' }]
  if (settings.noContainer === undefined)
    wanted.push({ port: settings.inferencePort, setting: 'INFERENCE_PORT' })
  const problem = await claimPorts(
    wanted.filter(({ port }) => !claimed.includes(port)),
    ask,
  )
  if (problem !== undefined) {
    console.error(`${problem.cause} ${problem.fix}`)
    return end(1)
  }
  claimed = [...claimed, ...wanted.map(({ port }) => port)]
  if (ending.signal.aborted) return
  for (const line of startingLines(settings, problems)) say(line)
  const programs = new Map<'edge' | 'container', Program>([['edge', edgeProgram(settings, environment)]])
  if (settings.noContainer === undefined) programs.set('container', containerProgram(settings))
  stopStack = startStack(programs, onEnded)
  round = new AbortController()
  void announce(settings, problems.length > 0, round.signal)
}

function edgeProgram(settings: StackSettings, environment: Readonly<Record<string, string>>): Program {
  return {
    file: process.execPath,
    args: wranglerArguments(ROOT, settings.routerPort, join(ROOT, '.wrangler/state')),
    directory: ROOT,
    environment: wranglerEnvironment(environment, SETTING_NAMES, settings.edge),
    onLine: (line) => {
      const readable = readableEdgeLine(line)
      if (readable !== undefined) say(readable)
    },
  }
}

function containerProgram(settings: StackSettings): Program {
  return {
    file: process.execPath,
    args: [...(watching ? ['--watch', '--watch-preserve-output'] : []), join(ROOT, 'inference/index.ts')],
    directory: ROOT,
    environment: settings.container,
    onLine: say,
  }
}

function onEnded(name: 'edge' | 'container', { code, signal }: Ending): void {
  const what = `The ${name} ended (${signal ?? `code ${code}`}); the lines above say why.`
  if (name === 'container') say(`${what} Until you start again only Claude answers, if its key is set.`)
  else {
    console.error(what)
    void end(1)
  }
}

async function announce(settings: StackSettings, misconfigured: boolean, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  const edge = async () => (await ask(`http://127.0.0.1:${settings.routerPort}/healthz`)) !== undefined
  if (!(await until(edge, signal))) return
  for (const line of edgeLines(settings, misconfigured, watching)) say(line)
  if (settings.noContainer !== undefined) return
  const reminder = setInterval(() => say(loadingLine(seconds())), STILL_LOADING_EVERY_MS)
  signal.addEventListener('abort', () => clearInterval(reminder))
  const ready = async () => {
    const answer = await ask(`http://127.0.0.1:${settings.inferencePort}/readyz`)
    return answer?.status === 200 && (readAnswer(answer, modelSchema) ?? { model: '' })
  }
  const found = await until(ready, signal)
  clearInterval(reminder)
  if (!found) return
  for (const line of modelLines(settings, found.model, seconds())) say(line)
}

/** Asks until the answer is not false; undefined where `signal` comes first. */
async function until<T>(check: () => Promise<T | false>, signal: AbortSignal): Promise<T | undefined> {
  while (!signal.aborted) {
    const found = await check()
    if (found !== false) return found
    await pause(ASK_EVERY_MS, signal)
  }
  return undefined
}

function restartOnChangedSettings(): void {
  let known = readSettingsFile(ROOT)
  let restarting = Promise.resolve()
  // The folder is watched, because editors replace files: a watch on the file itself would end with the old one.
  watch(ROOT, (_event, name) => {
    if (name !== '.env') return
    restarting = restarting.then(async () => {
      const text = readableSettings()
      if (text === undefined || text === known || ending.signal.aborted) return
      known = text
      say('.env has changed: restarting.')
      round.abort()
      await stopStack?.()
      await launch()
    })
  })
}

/** Returns the text of `.env`; says what is wrong with it and returns undefined where it cannot be read. */
function readableSettings(): string | undefined {
  try {
    return readSettingsFile(ROOT)
  } catch (error) {
    if (!(error instanceof SettingsFileError)) throw error
    console.error(error.message)
    return undefined
  }
}

async function end(code: number): Promise<void> {
  if (ending.signal.aborted) return
  ending.abort()
  round.abort()
  await stopStack?.()
  process.exit(code)
}
