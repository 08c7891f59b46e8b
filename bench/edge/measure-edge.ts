/**
 * All variants asked in turn, in rounds: kind after kind, and within each the variants in another order each round. Says what
 * was measured, not what it means.
 */
import { drive, type Times } from './drive.ts'
import { processorTimeMs } from './processor-time.ts'
import type { Slice } from './statistics.ts'
import { rotated } from './statistics.ts'
import type { Kind } from './workload.ts'

/** What is asked: a variant, or the upstream itself. */
export type Contender = {
  readonly name: string
  readonly port: number
  /** Undefined where its processor time is of no interest. */
  readonly pid: number | undefined
  readonly isRouter: boolean
  /** Kinds that it cannot answer, by name. */
  readonly unable?: readonly string[]
  /** Beside those of every request. */
  readonly headers?: Readonly<Record<string, string>>
}

export type Measured = {
  readonly kind: string
  readonly contender: string
  /** One a round; empty where there is no process to look at. */
  readonly slices: readonly Slice[]
  /** Of all rounds. */
  readonly times: Times
}

export type Plan = {
  readonly kinds: readonly Kind[]
  readonly rounds: number
  readonly requests: number
  readonly warmUp: number
  readonly connections: number
  readonly headers: Readonly<Record<string, string>>
}

/** What is done after an answer, a receipt above all, counts as well. */
const AFTERWORK_MS = 400

/** @throws if a request is answered wrongly, or the system does not tell processor time */
export async function measureEdge(
  contenders: readonly Contender[],
  plan: Plan,
  say: (line: string) => void,
): Promise<{ readonly measured: readonly Measured[]; readonly asked: ReadonlyMap<string, number> }> {
  const asked = new Map<string, number>()
  const results = new Map<string, { slices: Slice[]; firstByteMs: number[]; wholeMs: number[] }>()
  let number = 0
  const ask = async ({ name, port, isRouter, headers = {} }: Contender, kind: Kind, requests: number) => {
    asked.set(name, (asked.get(name) ?? 0) + requests)
    return await drive({
      port,
      connections: plan.connections,
      requests,
      headers: { ...plan.headers, ...kind.headers, ...headers },
      body() {
        number += 1
        return kind.body(number)
      },
      expected: isRouter ? kind.expected : {},
    })
  }

  say('Warming up …')
  for (const kind of plan.kinds)
    for (const contender of contenders.filter(isAble(kind))) {
      // Else the first eight of a cache's requests would find nothing.
      if (kind.expected['x-router-cache'] === 'hit') await ask(contender, { ...kind, expected: {} }, 1)
      await ask(contender, kind, Math.ceil(plan.warmUp * kind.share))
    }
  for (let round = 0; round < plan.rounds; round += 1)
    for (const kind of plan.kinds) {
      say(`Round ${round + 1} of ${plan.rounds}: ${kind.name}`)
      for (const contender of rotated(contenders, round).filter(isAble(kind))) {
        const requests = Math.ceil(plan.requests * kind.share)
        if (kind.expected['x-router-cache'] === 'hit') await ask(contender, { ...kind, expected: {} }, 1)
        const before = cpuOf(contender)
        const times = await ask(contender, kind, requests)
        await new Promise((resolve) => setTimeout(resolve, AFTERWORK_MS))
        const result = entryOf(kind, contender)
        if (before !== undefined)
          result.slices.push({
            cpuMs: (cpuOf(contender) ?? Number.NaN) - before,
            count: requests * kind.unitsEach,
          })
        result.firstByteMs.push(...times.firstByteMs)
        result.wholeMs.push(...times.wholeMs)
      }
    }
  const measured = plan.kinds.flatMap((kind) =>
    contenders.map((contender) => {
      const { slices, ...times } = entryOf(kind, contender)
      return { kind: kind.name, contender: contender.name, slices, times }
    }),
  )
  return { measured, asked }

  function entryOf(kind: Kind, contender: Contender) {
    const key = `${kind.name}\n${contender.name}`
    const entry = results.get(key) ?? { slices: [], firstByteMs: [], wholeMs: [] }
    results.set(key, entry)
    return entry
  }
}

function isAble({ name }: Kind): (contender: Contender) => boolean {
  return ({ unable = [] }) => !unable.includes(name)
}

function cpuOf({ name, pid }: Contender): number | undefined {
  if (pid === undefined) return undefined
  const used = processorTimeMs(pid)
  if (used === undefined) throw new Error(`The processor time of "${name}" cannot be read: this needs Linux.`)
  return used
}
