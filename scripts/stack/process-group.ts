/**
 * A program in a process group of its own, so that one signal reaches everything that it starts.
 * Passes its output on line by line. Does not decide whether it is started again: supervisor.ts does.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** How a program ended: exactly one of the two is not null. */
export type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

export type Program = {
  readonly file: string
  readonly args: readonly string[]
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  readonly onLine: (line: string) => void
}

export type ProcessGroup = {
  readonly id: number
  /** Settles when the program itself has ended and its output is read. */
  readonly ended: Promise<Ending>
  /** Asks the group to end, makes it end after `graceMs`; settles when the program is gone. */
  readonly stop: (graceMs: number) => Promise<void>
}

/**
 * Starts a program.
 * @throws {Error} where it cannot be started at all
 */
export async function startProcessGroup(program: Program): Promise<ProcessGroup> {
  const child = spawn(program.file, program.args, {
    cwd: program.directory,
    env: program.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  await new Promise<void>((started, failed) => {
    child.once('spawn', started)
    child.once('error', failed)
  })
  const id = child.pid ?? 0
  const exited = new Promise<Ending>((settle) => {
    child.once('exit', (code, signal) => {
      // What the program leaves behind would hold its ports: workerd outlives a wrangler that was killed.
      signalGroup(id, 'SIGKILL')
      settle({ code, signal })
    })
  })
  const read = [child.stdout, child.stderr].map(
    (stream) =>
      new Promise<void>((settle) => {
        createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
          .on('line', program.onLine)
          .on('close', settle)
      }),
  )
  const ended = exited.then(async (ending) => {
    await Promise.all(read)
    return ending
  })
  return {
    id,
    ended,
    async stop(graceMs) {
      signalGroup(id, 'SIGTERM')
      const timer = setTimeout(() => signalGroup(id, 'SIGKILL'), graceMs)
      await exited
      clearTimeout(timer)
    },
  }
}

/** Sends a signal to a process group; a group that is gone is no error. */
export function signalGroup(id: number, signal: NodeJS.Signals): void {
  // 0 and 1 would mean our own group and every process there is.
  if (id <= 1) return
  try {
    process.kill(-id, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM')))
      throw error
  }
}

/** Says whether any process of a group is left, ended ones that nobody has waited for included. */
export function groupExists(id: number): boolean {
  try {
    process.kill(-id, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
