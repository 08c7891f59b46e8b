/**
 * Runs a program of this repository for the commands in this folder: inherited or collected output, signals passed on.
 * Not for programs that keep running: scripts/stack does that.
 */
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import type { Environment } from './settings/environment.ts'

export const ROOT = resolve(import.meta.dirname, '..')

export type CommandResult = { readonly code: number; readonly output: string }

/** Returns the path of a file in a package's folder under node_modules. */
export function inPackage(path: string): string {
  return join(ROOT, 'node_modules', path)
}

/**
 * Runs a program with this Node, in the root.
 * @param args the program's file and its arguments
 * @param options `show`: the output goes to the terminal as it comes; else it is collected
 * @returns the exit code (1 after a signal) and, where collected, stdout and stderr
 */
export function runNode(
  args: readonly string[],
  options: { readonly show: boolean; readonly environment?: Environment },
): Promise<CommandResult> {
  return new Promise((settle) => {
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: options.environment ?? process.env,
      stdio: options.show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    })
    const passOn = (signal: NodeJS.Signals) => void child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    for (const signal of signals) process.on(signal, passOn)
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    child.on('error', (error) => settle({ code: 1, output: `${output}${error.message}\n` }))
    child.on('close', (code) => {
      for (const signal of signals) process.off(signal, passOn)
      settle({ code: code ?? 1, output })
    })
  })
}
