/** One run of the bench: starts everything, asks, ends everything that it started. What is made of it is the report's affair. */
import { loadavg } from 'node:os'
import * as z from 'zod'
import { type Processor, readProcessor } from '../inference/processor.ts'
import { type DecisionCost, measureDecisionCosts } from '../routing/decision-costs.ts'
import { ROUTER_KEY, startContenders, type Weight } from './contenders.ts'
import { type LoadFigure, measureLoad } from './load-tests.ts'
import { measureEdge } from './measure-edge.ts'
import { DIRECT, type EdgeFigure, edgeFigures } from './report-edge.ts'
import { VARIANTS } from './variants.ts'
import { KINDS } from './workload.ts'

export type EdgeOutcome = {
  readonly processor: Processor
  readonly node: string
  /** Processes that wanted a core in the last minute of the run, those of the bench included. */
  readonly load: number
  readonly rounds: number
  readonly requests: number
  readonly connections: number
  readonly figures: readonly EdgeFigure[]
  readonly loadFigures: readonly LoadFigure[]
  readonly loadRequests: number
  readonly weights: readonly Weight[]
  readonly decisions: readonly DecisionCost[]
  /** Of the router as shipped: what it was asked, and of how many it keeps a receipt. */
  readonly asked: number
  readonly kept: number
}

export const CONNECTIONS = 8
/** Before anything is measured, so that code is compiled: of each kind, or as many as a round has. */
const WARM_UP = 300
/** Characters of the last turn. */
const DECISION_LENGTHS = [100, 500, 5_000, 50_000, 500_000, 1_000_000]

/**
 * @param options `loadRequests`: so many are asked of each contender to see what it answers in a second and holds afterwards
 * @throws if anything cannot be started, or an answer is wrong
 */
export async function runEdgeBench(
  folder: string,
  options: {
    readonly rounds: number
    readonly requests: number
    readonly loadRequests: number
    readonly say: (line: string) => void
  },
): Promise<EdgeOutcome> {
  const { rounds, requests, loadRequests, say } = options
  const { all, weights, stop } = await startContenders(folder, VARIANTS, { withPeer: true, say })
  try {
    const plan = {
      kinds: KINDS,
      rounds,
      requests,
      connections: CONNECTIONS,
      warmUp: Math.min(WARM_UP, requests),
      headers: { 'x-api-key': ROUTER_KEY },
    }
    const { measured, asked } = await measureEdge(all, plan, say)
    say('Many connections …')
    const loadFigures = await measureLoad(all, loadRequests, plan.headers)
    say('Decisions alone …')
    const decisions = measureDecisionCosts({ shapes: ['prose'], lengths: DECISION_LENGTHS })
    const shipped = all.find(({ name }) => name === 'as shipped')
    const names = all.map(({ name }) => name).filter((name) => name !== DIRECT)
    return {
      processor: readProcessor(),
      node: process.version,
      load: loadavg()[0] ?? Number.NaN,
      rounds,
      requests,
      connections: CONNECTIONS,
      figures: edgeFigures(measured, KINDS, names),
      loadFigures,
      loadRequests,
      weights,
      decisions,
      asked: (asked.get('as shipped') ?? 0) + loadRequests,
      kept: await keptReceipts(shipped?.port ?? 0),
    }
  } finally {
    await stop()
  }
}

const usageShape = z.object({ totals: z.object({ requests: z.number() }) })

async function keptReceipts(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/router/usage`, {
    headers: { 'x-api-key': ROUTER_KEY },
  })
  return usageShape.parse(await answer.json()).totals.requests
}
