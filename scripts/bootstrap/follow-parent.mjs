/**
 * Preloaded into every script: asks the process to end (SIGTERM, so that it can clean up) when its parent is gone.
 * Covers what signals do not: a parent ended by SIGKILL, which on no system takes its children along.
 */
import { isMainThread } from 'node:worker_threads'

const CHECK_EVERY_MS = 500

if (isMainThread) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, CHECK_EVERY_MS)
  timer.unref()
}
