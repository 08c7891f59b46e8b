/** What a processor profile says of single functions. Pure; profiles nothing. */

import type { Profiler } from 'node:inspector'
import { basename } from 'node:path'

export type SelfTime = {
  readonly name: string
  /** File and line; empty for what the engine does itself. */
  readonly place: string
  /** Of the time that was sampled without idleness, 0–1. */
  readonly share: number
}

/** Waiting, and what the profiler itself does. */
const NOBODYS: ReadonlySet<string> = new Set(['(idle)', 'post'])

/** Returns functions by the time that they took themselves, the longest first. */
export function selfTimes({
  nodes,
  samples = [],
  timeDeltas = [],
}: Pick<Profiler.Profile, 'nodes' | 'samples' | 'timeDeltas'>): readonly SelfTime[] {
  const byNode = new Map<number, number>()
  for (const [at, id] of samples.entries()) byNode.set(id, (byNode.get(id) ?? 0) + (timeDeltas[at] ?? 0))
  const found = new Map<string, { name: string; place: string; time: number }>()
  let whole = 0
  for (const { id, callFrame } of nodes) {
    const time = byNode.get(id) ?? 0
    const name = callFrame.functionName === '' ? '(anonymous)' : callFrame.functionName
    if (NOBODYS.has(name)) continue
    const place = callFrame.url === '' ? '' : `${basename(callFrame.url)}:${callFrame.lineNumber + 1}`
    const key = `${name}\n${place}`
    const entry = found.get(key) ?? { name, place, time: 0 }
    found.set(key, entry)
    entry.time += time
    whole += time
  }
  return [...found.values()]
    .toSorted((left, right) => right.time - left.time)
    .map(({ name, place, time }) => ({ name, place, share: time / whole }))
}
