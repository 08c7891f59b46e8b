/**
 * Ends process groups when the process that started them is gone, even by SIGKILL: a helper process of its own that
 * refreshes the groups over a pipe, and refreshes of the death by that pipe's end. Starts nothing itself.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { groupExists, signalGroup } from './process-group.ts'

export type Reaper = {
  /** From now on the group ends with us. */
  readonly watch: (group: number) => void
  /** The group has ended; its id may soon be another's. */
  readonly forget: (group: number) => void
  /** Ends the helper; call it when every group has ended. */
  readonly close: () => void
}

/** How long groups may take to end by themselves before they are killed, ms. */
const GRACE_MS = 5_000
const CHECK_EVERY_MS = 50

/** Starts the helper process. It is in a group of its own, so that signals to ours do not end it first. */
export function startReaper(): Reaper {
  const child = spawn(process.execPath, [import.meta.filename], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
  })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  child.unref()
  return {
    watch: (group) => void child.stdin.write(`+${group}\n`),
    forget: (group) => void child.stdin.write(`-${group}\n`),
    close: () => void child.stdin.end(),
  }
}

if (import.meta.main) reap()

function reap(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  const groups = new Set<number>()
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    const group = Number(line.slice(1))
    if (line.startsWith('+')) groups.add(group)
    else groups.delete(group)
  })
  lines.on('close', () => void endGroups(groups))
}

// A group that is gone is forgotten at once: its id may soon belong to a stranger.
async function endGroups(groups: Set<number>): Promise<void> {
  for (const group of groups) signalGroup(group, 'SIGTERM')
  for (let waited = 0; groups.size > 0; waited += CHECK_EVERY_MS) {
    await delay(CHECK_EVERY_MS)
    for (const group of groups) {
      if (!groupExists(group)) groups.delete(group)
      else if (waited >= GRACE_MS) signalGroup(group, 'SIGKILL')
    }
  }
}
