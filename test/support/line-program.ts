/**
 * A program of another language that answers each line on its standard input with one on its output, both JSON. Knows
 * nothing of what they say.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'

export type LineProgram = {
  /** Sends a value; returns what the program answers. @throws {Error} where it ends instead */
  readonly ask: (value: object) => Promise<unknown>
  readonly stop: () => void
}

/** Says whether a command runs to its end without complaint here. */
export function canRun(file: string, args: readonly string[], directory?: string): boolean {
  return spawnSync(file, args, { stdio: 'ignore', cwd: directory }).status === 0
}

/** Starts the program. */
export function startLineProgram(file: string, args: readonly string[]): LineProgram {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask(value) {
      child.stdin.write(`${JSON.stringify(value)}\n`)
      const { done, value: line } = await lines.next()
      if (done) throw new Error(`${file} has ended.`)
      return JSON.parse(line)
    },
    stop() {
      child.stdin.end()
      child.kill()
    },
  }
}
