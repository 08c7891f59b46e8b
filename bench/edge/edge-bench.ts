/** One run of the bench: bundles, starts, asks, ends everything that it started. What is made of it is the report's affair. */
import { mkdirSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import getPort from 'get-port'
import { unstable_readConfig as readWranglerConfig } from 'wrangler'
import * as z from 'zod'
import { ROOT } from '../../scripts/run-command.ts'
import { type Processor, readProcessor } from '../inference/processor.ts'
import { bundleWorker } from './bundle-worker.ts'
import { type Contender, measureEdge } from './measure-edge.ts'
import { DIRECT, type EdgeFigure, edgeFigures } from './report-edge.ts'
import { startUpstream } from './upstream.ts'
import { VARIANTS, type Variant } from './variants.ts'
import { startWorker } from './worker-process.ts'
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
  /** Of the router as shipped: what it was asked, and of how many it keeps a receipt. */
  readonly asked: number
  readonly kept: number
}

const CONNECTIONS = 8
/** Before anything is measured, so that code is compiled: of each kind, or as many as a round has. */
const WARM_UP = 300
const ROUTER_KEY = 'a-key-of-the-bench'

/** @throws if anything cannot be started, or an answer is wrong */
export async function runEdgeBench(
  folder: string,
  options: { readonly rounds: number; readonly requests: number; readonly say: (line: string) => void },
): Promise<EdgeOutcome> {
  const { rounds, requests, say } = options
  const stops: (() => Promise<void>)[] = []
  try {
    const upstream = await startUpstream()
    stops.push(upstream.stop)
    const contenders: Contender[] = [{ name: DIRECT, port: upstream.port, pid: undefined, isRouter: false }]
    for (const variant of VARIANTS) {
      say(`Bundling and starting: ${variant.name} …`)
      const { stop, ...contender } = await startVariant(variant, join(folder, variant.name), upstream.port)
      stops.push(stop)
      contenders.push(contender)
    }
    const plan = {
      kinds: KINDS,
      rounds,
      requests,
      connections: CONNECTIONS,
      warmUp: Math.min(WARM_UP, requests),
    }
    const { measured, asked } = await measureEdge(
      contenders,
      { ...plan, headers: { 'x-api-key': ROUTER_KEY } },
      say,
    )
    const shipped = contenders.find(({ name }) => name === 'as shipped')
    const names = VARIANTS.map(({ name }) => name)
    return {
      processor: readProcessor(),
      node: process.version,
      load: loadavg()[0] ?? Number.NaN,
      rounds,
      requests,
      connections: CONNECTIONS,
      figures: edgeFigures(measured, KINDS, names),
      asked: asked.get('as shipped') ?? 0,
      kept: await keptReceipts(shipped?.port ?? 0),
    }
  } finally {
    await Promise.all(stops.map((stop) => stop()))
  }
}

/** What is needed of wrangler.toml. */
const wranglerShape = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  vars: z.preprocess((vars) => Object.assign({}, vars), z.record(z.string(), z.string())),
  durable_objects: z.object({
    bindings: z.array(z.object({ name: z.string(), class_name: z.string() })),
  }),
})

/** The Worker's own settings from wrangler.toml, and what every deployment must add. */
async function startVariant(
  { name, isRouter, ...source }: Variant,
  folder: string,
  upstreamPort: number,
): Promise<Contender & { readonly stop: () => Promise<void> }> {
  const settings = wranglerShape.parse(readWranglerConfig({ config: join(ROOT, 'wrangler.toml') }))
  const { compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } = settings
  mkdirSync(folder)
  const modules = await bundleWorker(source, compatibilityDate, folder)
  const port = await getPort({ host: '127.0.0.1' })
  const { pid, stop } = await startWorker(folder, {
    modules,
    compatibilityDate,
    compatibilityFlags,
    port,
    settings: {
      ...settings.vars,
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${upstreamPort}`,
      ANTHROPIC_API_KEY: 'none-is-needed-here',
      ROUTER_KEYS: `bench:${ROUTER_KEY}`,
    },
    objects: isRouter
      ? settings.durable_objects.bindings.map((each) => ({ binding: each.name, className: each.class_name }))
      : [],
  })
  return { name, port, pid, isRouter, stop }
}

const usageShape = z.object({ totals: z.object({ requests: z.number() }) })

async function keptReceipts(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/router/usage`, {
    headers: { 'x-api-key': ROUTER_KEY },
  })
  return usageShape.parse(await answer.json()).totals.requests
}
