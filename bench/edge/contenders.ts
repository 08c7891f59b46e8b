/** Starts what is asked: the upstream, the Workers that are named, a peer where one is installed. Measures nothing. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import getPort from 'get-port'
import { unstable_readConfig as readWranglerConfig } from 'wrangler'
import * as z from 'zod'
import { ROOT } from '../../scripts/run-command.ts'
import { bundleWorker } from './bundle-worker.ts'
import type { Contender } from './measure-edge.ts'
import { startPeer } from './peer.ts'
import { processorTimeMs } from './processor-time.ts'
import { DIRECT } from './report-edge.ts'
import { startUpstream } from './upstream.ts'
import type { Variant } from './variants.ts'
import { type BundleSize, bundleSize } from './weight.ts'
import { startWorker } from './worker-process.ts'

export const ROUTER_KEY = 'a-key-of-the-bench'

export type Weight = {
  readonly contender: string
  readonly bundle: BundleSize
  /** Processor time from the start of the process to its first answer, ms. */
  readonly startMs: number
}

export type Contenders = {
  readonly all: readonly Contender[]
  readonly weights: readonly Weight[]
  readonly stop: () => Promise<void>
}

/** @throws if anything cannot be started */
export async function startContenders(
  folder: string,
  variants: readonly Variant[],
  { withPeer, say }: { readonly withPeer: boolean; readonly say: (line: string) => void },
): Promise<Contenders> {
  const stops: (() => Promise<void>)[] = []
  const stop = async () => void (await Promise.all(stops.map((each) => each())))
  try {
    const upstream = await startUpstream()
    stops.push(upstream.stop)
    const all: Contender[] = [{ name: DIRECT, port: upstream.port, pid: undefined, isRouter: false }]
    const weights: Weight[] = []
    for (const variant of variants) {
      say(`Bundling and starting: ${variant.name} …`)
      const started = await startVariant(variant, join(folder, variant.name), upstream.port)
      stops.push(started.stop)
      all.push(started.contender)
      weights.push(started.weight)
    }
    const peer = withPeer ? await startPeer(upstream.port) : undefined
    if (peer !== undefined) {
      stops.push(peer.stop)
      all.push(peer)
    } else if (withPeer) say('Skipped: Portkey on Node, which is not installed (npm ci in bench/peers).')
    return { all, weights, stop }
  } catch (error) {
    await stop()
    throw error
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

/**
 * Starts one variant with the Worker's own settings from wrangler.toml and what every deployment must add.
 * @param own settings beside these
 * @throws if it cannot be bundled or started
 */
export async function startVariant(
  { name, isRouter, ...source }: Pick<Variant, 'isRouter' | 'script' | 'config'> & { readonly name: string },
  folder: string,
  upstreamPort: number,
  own: Readonly<Record<string, string>> = {},
): Promise<{ readonly contender: Contender; readonly weight: Weight; readonly stop: () => Promise<void> }> {
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
      ...own,
    },
    objects: isRouter
      ? settings.durable_objects.bindings.map((each) => ({ binding: each.name, className: each.class_name }))
      : [],
  })
  const startMs = processorTimeMs(pid) ?? Number.NaN
  return {
    contender: { name, port, pid, isRouter },
    weight: { contender: name, bundle: bundleSize(folder, modules), startMs },
    stop,
  }
}
