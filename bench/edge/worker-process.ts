/** One workerd that serves one bundle, in a process of its own. Knows neither what it serves nor what it is asked. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { execa } from 'execa'
import * as z from 'zod'
import { type WorkerStart, workerConfig } from './worker-config.ts'

export type WorkerProcess = {
  readonly pid: number
  readonly stop: () => Promise<void>
}

const LONGEST_START_MS = 30_000
const BETWEEN_TRIES_MS = 50

/**
 * Starts it; `folder` holds the bundle and gets its settings and data. Returns once it answers.
 * @throws with workerd's own words if it does not
 */
export async function startWorker(folder: string, start: WorkerStart): Promise<WorkerProcess> {
  mkdirSync(join(folder, 'objects'), { recursive: true })
  writeFileSync(join(folder, 'config.capnp'), workerConfig(start))
  let said = ''
  const { inspectorPort } = start
  const inspector = inspectorPort === undefined ? [] : [`--inspector-addr=127.0.0.1:${inspectorPort}`]
  const child = execa(workerdFile(), ['serve', ...inspector, 'config.capnp'], {
    cwd: folder,
    reject: false,
    stdin: 'ignore',
    // A log line for each request is written, as a deployment writes it, and read by nobody.
    stdout: 'ignore',
    stderr: 'pipe',
    buffer: false,
  })
  child.stderr?.on('data', (text) => {
    said = `${said}${text}`.slice(-4_000)
  })
  const { pid } = child
  if (pid === undefined) throw new Error('workerd cannot be started.')
  const stop = async () => {
    child.kill('SIGKILL')
    await child
  }
  const until = performance.now() + LONGEST_START_MS
  while (!(await answers(start.port))) {
    if (child.nodeChildProcess.exitCode !== null || performance.now() > until) {
      await stop()
      throw new Error(`workerd does not answer:\n${said}`)
    }
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES_MS))
  }
  return { pid, stop }
}

async function answers(port: number): Promise<boolean> {
  try {
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).arrayBuffer()
    return true
  } catch {
    return false
  }
}

/** The one that wrangler brings, without the script around it, whose own time would count. */
function workerdFile(): string {
  const ofWrangler = createRequire(createRequire(import.meta.url).resolve('wrangler'))
  return z.object({ default: z.string() }).parse(ofWrangler('workerd')).default
}
