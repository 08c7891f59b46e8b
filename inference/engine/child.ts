/**
 * Entry of the model's process: loads the model it is told to, then answers commands until its parent is gone.
 * Holds no secret and opens no port.
 */
import { flushCompileCache } from 'node:module'
import process from 'node:process'
import { RouterError } from '../../shared/errors.ts'
import { createEngine } from './create-engine.ts'
import type { Engine } from './engine.ts'
import { type Command, type Report, toFailure } from './protocol.ts'
import { selfTest } from './self-test.ts'

let engine: Engine | undefined
const running = new Map<number, AbortController>()

/** Told to the parent so often, ms, where anything has changed. */
const STATS_INTERVAL_MS = 1000

const report = (message: Report) => {
  if (process.connected) process.send?.(message)
}

async function load({ model, graph, settings, found }: Extract<Command, { type: 'load' }>): Promise<void> {
  try {
    const exactness = found?.serving.exactness
    const loaded = await createEngine(model, graph, { ...settings, exactness }, Math.random)
    const speed = await selfTest(loaded, () => performance.now(), found?.speed)
    engine = loaded
    const serving = loaded.serving()
    if (!serving) throw new TypeError('A loaded engine must say how it serves.')
    report({ type: 'ready', speed, serving })
    // Node does so at the end of a process, and this one is killed.
    flushCompileCache()
  } catch (error) {
    report({ type: 'load_failed', failure: toFailure(error) })
  }
}

async function generate(
  loaded: Engine,
  { id, request }: Extract<Command, { type: 'generate' }>,
): Promise<void> {
  const abort = new AbortController()
  running.set(id, abort)
  try {
    for await (const event of loaded.generate(request, abort.signal)) report({ type: 'event', id, event })
  } catch (error) {
    report({ type: 'failed', id, failure: toFailure(error) })
  } finally {
    running.delete(id)
  }
}

async function count(loaded: Engine, { id, prompt }: Extract<Command, { type: 'count' }>): Promise<void> {
  try {
    report({ type: 'counted', id, tokens: await loaded.countTokens(prompt) })
  } catch (error) {
    report({ type: 'failed', id, failure: toFailure(error) })
  }
}

async function judge(
  loaded: Engine,
  { id, prompt, cacheScope }: Extract<Command, { type: 'judge' }>,
): Promise<void> {
  const abort = new AbortController()
  running.set(id, abort)
  try {
    if (!loaded.judge) throw new RouterError('unsupported', 'Nothing judges requests here.')
    report({ type: 'judged', id, judgement: await loaded.judge({ ...prompt, cacheScope }, abort.signal) })
  } catch (error) {
    report({ type: 'failed', id, failure: toFailure(error) })
  } finally {
    running.delete(id)
  }
}

async function handle(command: Command): Promise<void> {
  if (command.type === 'load') await load(command)
  else if (command.type === 'ping') report({ type: 'pong' })
  else if (command.type === 'abort') running.get(command.id)?.abort()
  else if (engine === undefined)
    report({
      type: 'failed',
      id: command.id,
      failure: { code: 'unavailable', message: 'The local model is not loaded.' },
    })
  else if (command.type === 'generate') await generate(engine, command)
  else if (command.type === 'judge') await judge(engine, command)
  else await count(engine, command)
}

let told = ''
setInterval(() => {
  const stats = engine?.stats?.()
  const text = JSON.stringify(stats)
  if (stats === undefined || text === told) return
  told = text
  report({ type: 'stats', stats })
}, STATS_INTERVAL_MS)

process.on('message', (message: Command) => void handle(message))
// The parent is gone, however it went: nobody needs the model any more.
process.on('disconnect', () => process.exit(0))
// A terminal sends Ctrl-C to the whole group; the parent decides when this process ends.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
