/**
 * Runs npm and gives back whether it worked and what it printed.
 * Uses the npm that started us where there is one, else the one in PATH. Installs nothing by itself.
 */
import { spawn } from 'node:child_process'
import { basename } from 'node:path'

/**
 * Runs `npm ARGUMENTS` in `directory`.
 * @param {string[]} args
 * @param {{ directory: string, signal?: AbortSignal }} options aborting ends npm with SIGTERM
 * @returns {Promise<{ ok: boolean, output: string }>} `output`: stdout and stderr in order of arrival
 */
export function runNpm(args, { directory, signal }) {
  const cli = process.env.npm_execpath
  const [command, first] =
    cli !== undefined && basename(cli) === 'npm-cli.js' ? [process.execPath, [cli]] : ['npm', []]
  return new Promise((settle) => {
    let output = ''
    const child = spawn(command, [...first, ...args], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    })
    const take = (data) => {
      output += data
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', (error) => settle({ ok: false, output: `${output}${error.message}\n` }))
    child.on('close', (code) => settle({ ok: code === 0, output }))
  })
}
