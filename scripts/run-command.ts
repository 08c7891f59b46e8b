/**
 * Runs a program of this repository for the commands in this folder and waits for its end.
 * Not for programs that keep running: scripts/stack does that.
 */
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import type { Environment } from './settings/environment.ts'

export const ROOT = resolve(import.meta.dirname, '..')

/** Returns the path of a file in a package's folder under node_modules. */
export function inPackage(path: string): string {
  return join(ROOT, 'node_modules', path)
}

/**
 * Runs a program with this Node, in the root; it ends with this process.
 * @param args the program's file and its arguments
 * @param options `show`: the output goes to the terminal as it comes; else it is collected
 * @returns the exit code (1 after a signal) and, where collected, stdout and stderr
 */
export async function runNode(
  args: readonly string[],
  { show, environment = process.env }: { readonly show: boolean; readonly environment?: Environment },
): Promise<{ readonly code: number; readonly output: string }> {
  const { exitCode = 1, all = '' } = await execa(process.execPath, args, {
    cwd: ROOT,
    env: environment,
    extendEnv: false,
    reject: false,
    stdin: show ? 'inherit' : 'ignore',
    stdout: show ? 'inherit' : 'pipe',
    stderr: show ? 'inherit' : 'pipe',
    all: !show,
  })
  return { code: exitCode, output: String(all) }
}
