/**
 * A program in a process group of its own, so that one signal reaches everything that it starts.
 * Passes its output on line by line. Does not decide whether it is started again: stack.ts does.
 */
import { execa } from 'execa'

/** How a program ended: exactly one of the two is not null. */
export type Ending = { readonly code: number | null; readonly signal: string | null }

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

/** Starts a program. */
export function startProcessGroup(program: Program): ProcessGroup {
  const lines = function* (line: unknown) {
    program.onLine(String(line))
    yield* []
  }
  const child = execa(program.file, program.args, {
    cwd: program.directory,
    env: program.environment,
    extendEnv: false,
    stdin: 'ignore',
    stdout: lines,
    stderr: lines,
    buffer: false,
    reject: false,
    detached: true,
  })
  const id = child.pid ?? 0
  // What the program leaves behind would hold its ports: workerd outlives a wrangler that was killed.
  child.nodeChildProcess.once('exit', () => signalGroup(id, 'SIGKILL'))
  const ended = child.then(({ exitCode = null, signal = null }) => ({ code: exitCode, signal }))
  return {
    id,
    ended,
    async stop(graceMs) {
      signalGroup(id, 'SIGTERM')
      const timer = setTimeout(() => signalGroup(id, 'SIGKILL'), graceMs)
      await ended
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
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // macOS says EPERM of a group whose processes have ended and are not waited for yet.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}
