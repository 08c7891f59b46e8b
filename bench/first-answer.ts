/**
 * Measures what a newcomer waits for: `git clone` of HEAD, `npm start` as the very first command, the first local
 * answer. Installs from the npm registry; nothing is shared with this checkout.
 *
 *   npm run bench:first-answer -- [--json]
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const ROUTER_PORT = 18_787
const INFERENCE_PORT = 18_080
const GIVE_UP_MS = 600_000

const folder = mkdtempSync(join(tmpdir(), 'first-answer-'))
const started = performance.now()
execFileSync('git', ['clone', '-q', ROOT, folder])
const cloneMs = performance.now() - started
const stack = spawn('npm', ['start'], {
  cwd: folder,
  detached: true,
  stdio: 'ignore',
  env: { ...process.env, ROUTER_PORT: String(ROUTER_PORT), INFERENCE_PORT: String(INFERENCE_PORT) },
})
try {
  while (!(await localAnswer())) {
    if (performance.now() - started > GIVE_UP_MS || stack.exitCode !== null) throw new Error('no answer came')
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  const answerMs = performance.now() - started
  const report = { cloneSeconds: seconds(cloneMs), firstAnswerSeconds: seconds(answerMs) }
  if (process.argv.includes('--json')) console.log(JSON.stringify(report))
  else console.log(`clone ${report.cloneSeconds} s, first local answer after ${report.firstAnswerSeconds} s`)
} finally {
  if (stack.pid !== undefined) process.kill(-stack.pid, 'SIGTERM')
  await new Promise((resolve) => (stack.exitCode === null ? stack.once('exit', resolve) : resolve(undefined)))
  rmSync(folder, { recursive: true, force: true })
}

async function localAnswer(): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${ROUTER_PORT}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'auto',
      max_tokens: 40,
      messages: [{ role: 'user', content: 'Good morning!' }],
    }),
  }).catch(() => undefined)
  await response?.body?.cancel()
  return response?.headers.get('x-router-route') === 'local'
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10
}
