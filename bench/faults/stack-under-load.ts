/**
 * What is loaded: the bundled Worker on workerd, the real container with the shipped model, and between them the stand-ins that
 * misbehave. Starts and ends them, and says what they hold at a moment.
 */
import { mkdirSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import getPort from 'get-port'
import { unstable_readConfig as readWranglerConfig } from 'wrangler'
import * as z from 'zod'
import { ROOT } from '../../scripts/run-command.ts'
import { bundleWorker } from '../edge/bundle-worker.ts'
import { startWorker } from '../edge/worker-process.ts'
import { startContainer } from '../inference/container-process.ts'
import { residentMiB } from '../inference/process-usage.ts'
import { type FaultyUpstreams, startFaultyUpstreams } from './faulty-upstreams.ts'
import { type Held, MAX_QUEUE } from './held.ts'
import { heapAfterCollection } from './worker-heap.ts'

export type StackUnderLoad = {
  readonly url: string
  readonly upstreams: FaultyUpstreams
  readonly held: () => Promise<Held>
  /** The users of the receipts that are kept, one for each. */
  readonly receiptUsers: () => Promise<readonly string[]>
  readonly receiptCount: () => Promise<number>
  readonly stop: () => Promise<void>
}

export const KEY = 'a-key-of-the-load'
const SECRET = 'a-secret-of-the-load'

const wranglerShape = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  vars: z.preprocess((vars) => Object.assign({}, vars), z.record(z.string(), z.string())),
  durable_objects: z.object({ bindings: z.array(z.object({ name: z.string(), class_name: z.string() })) }),
})
const budgetSchema = z.object({
  usage: z.nullable(z.array(z.looseObject({ limit: z.string(), used: z.number() }))),
})
const usageSchema = z.object({ totals: z.object({ requests: z.number() }) })
const receiptSchema = z.object({ user: z.nullable(z.string()) })

/** Starts everything in `folder`; settles once the container's model is ready. */
export async function startStackUnderLoad(
  folder: string,
  { share, seed }: { readonly share: number; readonly seed: number },
): Promise<StackUnderLoad> {
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    await Promise.all(stops.map((each) => each()))
  }
  try {
    const container = await startContainer({ LOCAL_LLM_SECRET: SECRET, MAX_QUEUE: String(MAX_QUEUE) })
    stops.push(container.stop)
    const upstreams = await startFaultyUpstreams(container.url, share, seed)
    stops.push(upstreams.stop)
    const settings = wranglerShape.parse(readWranglerConfig({ config: join(ROOT, 'wrangler.toml') }))
    const worker = join(folder, 'worker')
    mkdirSync(worker)
    const source = { script: undefined, config: 'wrangler.toml' }
    const modules = await bundleWorker(source, settings.compatibility_date, worker)
    const port = await getPort({ host: '127.0.0.1' })
    const inspectorPort = await getPort({ host: '127.0.0.1' })
    const edge = await startWorker(worker, {
      modules,
      compatibilityDate: settings.compatibility_date,
      compatibilityFlags: settings.compatibility_flags,
      port,
      inspectorPort,
      settings: {
        ...settings.vars,
        LLM_STRATEGY: 'hybrid',
        LOCAL_LLM_ENABLED: 'true',
        LOCAL_LLM_URL: upstreams.containerUrl,
        LOCAL_LLM_SECRET: SECRET,
        ANTHROPIC_BASE_URL: upstreams.claudeUrl,
        ANTHROPIC_API_KEY: 'none-is-needed-here',
        ROUTER_KEYS: `load:${KEY}`,
        // Reached by nobody; what is on its way is counted by the account, and must be none in the end.
        LIMITS: JSON.stringify({ load: { tenant: { concurrent: 1_000_000, tokensPerDay: 1_000_000_000 } } }),
        CACHE_TTL_SECONDS: '0',
        LOCAL_IDLE_MS: '5000',
        CLAUDE_FIRST_EVENT_MS: '10000',
        CLAUDE_IDLE_MS: '10000',
        CLAUDE_HEADERS_MS: '20000',
        CLAUDE_TIMEOUT_MS: '60000',
      },
      objects: settings.durable_objects.bindings.map((each) => ({
        binding: each.name,
        className: each.class_name,
      })),
    })
    stops.push(edge.stop)
    const url = `http://127.0.0.1:${port}`
    const get = async (path: string) => {
      const response = await fetch(`${url}${path}`, { headers: { 'x-api-key': KEY } })
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return response.text()
    }
    const stack: StackUnderLoad = {
      url,
      upstreams,
      async held() {
        const { claude, container: way } = await upstreams.report()
        const budget = budgetSchema.parse(JSON.parse(await get('/v1/router/budgets/load')))
        return {
          edgeHeapMiB: await heapAfterCollection({ port: inspectorPort, enter: () => get('/healthz') }),
          edgeMiB: residentMiB([edge.pid]),
          containerMiB: residentMiB(container.pids()),
          upstreamSockets: claude.open + way.open,
          containerSockets: socketsOf(container.pids()[0]),
          reserved: budget.usage?.find(({ limit }) => limit === 'concurrent')?.used ?? 0,
        }
      },
      async receiptUsers() {
        const lines = (await get('/v1/router/requests?format=jsonl'))
          .split('\n')
          .filter((line) => line !== '')
        return lines.flatMap((line) => receiptSchema.parse(JSON.parse(line)).user ?? [])
      },
      receiptCount: async () => usageSchema.parse(JSON.parse(await get('/v1/router/usage'))).totals.requests,
      stop,
    }
    await untilLocal(stack.url)
    return stack
  } catch (error) {
    await stop()
    throw error
  }
}

/** Before anything is measured the edge must know the container, and the container's model must have said a word. */
async function untilLocal(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const response = await fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': KEY, 'x-router-privacy': 'local' },
      body: JSON.stringify({
        model: 'auto',
        max_tokens: 4,
        messages: [{ role: 'user', content: 'Good morning!' }],
      }),
    })
    await response.arrayBuffer()
    if (response.headers.get('x-router-route') === 'local' && response.ok) return
    await new Promise((settle) => setTimeout(settle, 500))
  }
  throw new Error('The container does not answer through the edge.')
}

/** Sockets of a process, by Linux's /proc; those to its own child among them. */
function socketsOf(pid: number | undefined): number {
  const folder = `/proc/${pid}/fd`
  try {
    return readdirSync(folder).filter((name) => {
      try {
        return readlinkSync(join(folder, name)).startsWith('socket:')
      } catch {
        return false
      }
    }).length
  } catch {
    return 0
  }
}
