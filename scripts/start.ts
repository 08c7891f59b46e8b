/**
 * `npm start` and `npm run dev`: the composition root of the local stack. Reads the settings, checks the ports, starts
 * edge and container, prints what is ready, and ends everything with this process. `--watch` restarts on changes.
 */
import { rmSync, watch } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readConfig, SETTING_NAMES } from '../edge/config.ts'
import { createAsk } from './ask.ts'
import {
  applyChangedFile,
  createSettingsFile,
  type Environment,
  readSettingsFile,
  withoutEmpty,
} from './settings/environment.ts'
import { unreadNameNotes } from './settings/unread-names.ts'
import { portProblem, type WantedPort } from './stack/ports.ts'
import { waitForAnswer, waitForModel } from './stack/readiness.ts'
import { type Stack, startStack } from './stack/stack.ts'
import { readStackSettings, type StackSettings } from './stack/stack-settings.ts'
import { edgeLines, loadingLine, modelLine, startingLines } from './stack/welcome.ts'
import {
  readableEdgeLine,
  wranglerArguments,
  wranglerEnvironment,
  writeEdgeSettings,
} from './stack/wrangler-dev.ts'

const USAGE = `Usage: npm start, or npm run dev

  --watch   restart on changes of sources and of .env (what npm run dev does)
  --help    this text

Settings are in .env, which the first start writes from .env.example. Ctrl-C ends every process.`

type Round = {
  readonly settings: StackSettings
  /** What is wrong with the edge's settings; it then answers 503 to everything. */
  readonly problems: readonly string[]
}

const SECOND_CTRL_C_AFTER_MS = 1_000
/** Whoever has our port either answers at once or is not us, ms. */
const ASK_TIMEOUT_MS = 2_000
const STILL_LOADING_EVERY_MS = 30_000

const root = resolve(import.meta.dirname, '..')
const watching = readArguments()
const say = (line: string) => console.log(line)
const pause = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => {})
let stack: Stack | undefined
let settingsFile: string | undefined
let round = new AbortController()
let stoppingSince: number | undefined

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
// Whoever reads our output may leave first (npm start | head); the processes have to end all the same.
process.stdout.on('error', () => void end(0))

try {
  if (createSettingsFile(root)) say('Wrote .env from .env.example: your settings live there, git ignores it.')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
let environment: Environment = { ...process.env }
const first = await readSettings()
if (first !== undefined && (await portsAreFree(first.settings))) {
  await launch(first)
  if (watching) restartOnChangedSettings()
} else await end(1)

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

async function readSettings(): Promise<Round | undefined> {
  try {
    const settings = readStackSettings(environment, SETTING_NAMES)
    const notes = [...settings.notes, ...unreadNameNotes(readSettingsFile(root))]
    const checked = await readConfig(settings.edge)
    if (checked.ok) return { settings: { ...settings, notes }, problems: [] }
    // An edge that refuses every request has no use for a model.
    const noContainer = 'a setting is wrong'
    return { settings: { ...settings, notes, noContainer }, problems: checked.problems }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return undefined
  }
}

async function portsAreFree(settings: StackSettings): Promise<boolean> {
  const wanted: WantedPort[] = [{ port: settings.routerPort, setting: 'ROUTER_PORT' }]
  if (settings.noContainer === undefined)
    wanted.push({ port: settings.inferencePort, setting: 'INFERENCE_PORT' })
  const problem = await portProblem(wanted, createAsk(fetch, ASK_TIMEOUT_MS))
  if (problem !== undefined) console.error(`${problem.cause} ${problem.fix}`)
  return problem === undefined
}

async function launch({ settings, problems }: Round): Promise<void> {
  if (stoppingSince !== undefined) return
  for (const line of startingLines(settings, problems)) say(line)
  try {
    settingsFile = writeEdgeSettings(root, settings.edge)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    void end(1)
    return
  }
  stack = startStack({
    edge: {
      file: process.execPath,
      args: wranglerArguments(root, settings.routerPort, settingsFile),
      directory: root,
      environment: wranglerEnvironment(withoutEmpty(environment), SETTING_NAMES),
      onLine: (line) => {
        const readable = readableEdgeLine(line)
        if (readable !== undefined) say(readable)
      },
    },
    container:
      settings.noContainer === undefined
        ? {
            file: process.execPath,
            args: [
              ...(watching ? ['--watch', '--watch-preserve-output'] : []),
              join(root, 'inference/index.ts'),
            ],
            directory: root,
            environment: settings.container,
            onLine: say,
          }
        : undefined,
    say,
    onEdgeEnded: (message) => {
      console.error(message)
      void end(1)
    },
  })
  round = new AbortController()
  void announce({ settings, problems }, round.signal)
}

async function announce({ settings, problems }: Round, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  const deps = { fetch, pause, signal }
  const model =
    settings.noContainer === undefined
      ? waitForModel(`http://127.0.0.1:${settings.inferencePort}/readyz`, deps)
      : undefined
  if (!(await waitForAnswer(`http://127.0.0.1:${settings.routerPort}/healthz`, deps))) return
  for (const line of edgeLines(settings, problems.length > 0, watching)) say(line)
  if (model === undefined) return
  const reminder = setInterval(() => say(loadingLine(seconds())), STILL_LOADING_EVERY_MS)
  signal.addEventListener('abort', () => clearInterval(reminder))
  const name = await model
  clearInterval(reminder)
  if (name !== undefined) say(modelLine(name, seconds()))
}

function restartOnChangedSettings(): void {
  let known = readSettingsFile(root)
  let restarting: Promise<void> | undefined
  // The folder is watched, because editors replace files: a watch on the file itself would end with the old one.
  watch(root, (_event, name) => {
    if (name !== '.env') return
    restarting = (restarting ?? Promise.resolve()).then(async () => {
      const text = readSettingsFile(root)
      if (text === known || stoppingSince !== undefined) return
      environment = applyChangedFile(environment, known, text)
      known = text
      const changed = await readSettings()
      if (changed === undefined) return
      say('.env has changed: restarting.')
      round.abort()
      await stack?.stop()
      if (await portsAreFree(changed.settings)) await launch(changed)
      else await end(1)
    })
  })
}

function onSignal(signal: NodeJS.Signals): void {
  const now = performance.now()
  // A terminal's Ctrl-C arrives twice, from the terminal and from npm: only a later one means "at once".
  if (stoppingSince === undefined) void end(0)
  else if (signal === 'SIGINT' && now - stoppingSince > SECOND_CTRL_C_AFTER_MS) stack?.kill()
}

async function end(code: number): Promise<void> {
  if (stoppingSince !== undefined) return
  stoppingSince = performance.now()
  round.abort()
  await stack?.stop()
  if (settingsFile !== undefined) rmSync(settingsFile, { force: true })
  process.exit(code)
}
