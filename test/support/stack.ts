/**
 * The product as real processes: `wrangler dev` for the edge and, where wanted, the container, each in a process
 * group of its own that ends with the test. Ports are free ones, state and settings live in a temporary folder.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { SETTING_NAMES } from '../../edge/config.ts'
import { withoutEmpty } from '../../scripts/settings/environment.ts'
import { startProcessGroup } from '../../scripts/stack/process-group.ts'
import { wranglerArguments, wranglerEnvironment } from '../../scripts/stack/wrangler-dev.ts'
import { eventually, groupIsGone } from './processes.ts'

export const ROOT = resolve(import.meta.dirname, '../..')

export type RunningProgram = {
  readonly url: string
  readonly pid: number
  /** Every line that it has written so far. */
  readonly lines: readonly string[]
  /** Settles with the first line, from line `from` on, that matches. */
  readonly line: (pattern: RegExp, from?: number) => Promise<string>
  /** Ends the group and checks that nothing of it is left. */
  readonly stop: () => Promise<void>
}

export type EdgeOptions = {
  /** A folder for the Durable Objects' storage, to be used again; a fresh one where left out. */
  readonly stateFolder?: string
}

const GRACE_MS = 5_000
/** Bundling the edge takes seconds, and much longer where others use the machine. */
const LONGEST_START_MS = 90_000

/**
 * Starts `wrangler dev` on a free port.
 * @param settings vars and secrets of the Worker, on top of an open router that logs text
 */
export async function startEdge(
  settings: Readonly<Record<string, string>>,
  options: EdgeOptions = {},
): Promise<RunningProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'router-edge-'))
  return startProgram({
    args: wranglerArguments(ROOT, 0, options.stateFolder ?? join(folder, 'state')),
    environment: wranglerEnvironment(withoutEmpty(process.env), SETTING_NAMES, {
      ALLOW_ANONYMOUS: 'true',
      LOG_FORMAT: 'text',
      ...settings,
    }),
    listening: /Ready on (http:\S+)/,
    onStopped: () => rmSync(folder, { recursive: true, force: true }),
  })
}

/** Starts the container on a free port of loopback; settles once it serves, before its model is loaded. */
export async function startContainer(
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningProgram> {
  const environment: Record<string, string> = { LOG_FORMAT: 'text', ...settings, HOST: '127.0.0.1' }
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'LANG']) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  return startProgram({
    args: [join(ROOT, 'inference/index.ts')],
    environment: { PORT: '0', ...environment },
    listening: /Listening .*port=(\d+)/,
    onStopped: () => {},
  })
}

type ProgramOptions = {
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** The line that tells the address or the port. */
  readonly listening: RegExp
  readonly onStopped: () => void
}

async function startProgram(options: ProgramOptions): Promise<RunningProgram> {
  const lines: string[] = []
  const group = startProcessGroup({
    file: process.execPath,
    args: options.args,
    directory: ROOT,
    environment: options.environment,
    onLine: (text) => void lines.push(text),
  })
  let ended = false
  void group.ended.then(() => {
    ended = true
  })
  const lineWithin = (pattern: RegExp, from: number, limitMs?: number) =>
    eventually(
      `a line like ${pattern} in:\n${lines.slice(from).join('\n')}`,
      () => {
        const found = lines.slice(from).find((text) => pattern.test(text))
        if (found === undefined && ended)
          throw new Error(`The program ended. Its lines:\n${lines.join('\n')}`)
        return found
      },
      limitMs,
    )
  const line = (pattern: RegExp, from = 0) => lineWithin(pattern, from)
  const stop = async () => {
    await group.stop(GRACE_MS)
    await groupIsGone(group.id)
    options.onStopped()
  }
  try {
    const address =
      options.listening.exec(await lineWithin(options.listening, 0, LONGEST_START_MS))?.[1] ?? ''
    const url = /^\d+$/.test(address) ? `http://127.0.0.1:${address}` : address
    return { url, pid: group.id, lines, line, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
