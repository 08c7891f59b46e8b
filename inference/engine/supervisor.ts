/**
 * Keeps the model's process running: starts it, replaces one that died or hangs, gives up where the
 * model cannot be loaded at all. Knows nothing of requests: process.ts does.
 */
import type { ChildProcess } from 'node:child_process'
import { RouterError } from '../../shared/errors.ts'
import type { ResolvedModel } from '../models/resolve.ts'
import type { EngineSettings } from './create-engine.ts'
import type { EngineStats, Serving } from './engine.ts'
import type { PreparedGraph } from './prepared-graph.ts'
import type { Command, LoadFindings, Report } from './protocol.ts'
import type { Speed } from './self-test.ts'

export type EngineStatus = 'loading' | 'ready' | 'restarting' | 'failed' | 'closed'

/** `failed`: the process is alive but of no use, because it could not load again. */
export type LossReason = 'exited' | 'unresponsive' | 'failed'

export type ChildSupervisorOptions = {
  readonly graph: PreparedGraph
  readonly settings: EngineSettings
  /** A child that has said nothing for so long is killed, in ms. */
  readonly watchdogTimeoutMs: number
  readonly now: () => number
  /** Starts a process that answers the commands of protocol.ts. */
  readonly startChild: () => ChildProcess
  /** Told of each child that was lost. */
  readonly onRestart?: ((reason: LossReason, delayMs: number) => void) | undefined
  /** Gets what the child has counted since it was started. */
  readonly onStats?: ((stats: EngineStats) => void) | undefined
  /** Gets what the child says about requests. */
  readonly onReport: (report: RequestReport) => void
  /** Requests that are under way will not be answered, and why. */
  readonly onLost: (error: RouterError) => void
}

export type RequestReport = Exclude<Report, { type: 'ready' | 'load_failed' | 'stats' | 'pong' }>

export type ChildSupervisor = {
  readonly status: () => EngineStatus
  /** Measured by the self-test; undefined until the model was ready once. */
  readonly speed: () => Speed | undefined
  /** As the loaded model tells; undefined until it was ready once. */
  readonly serving: () => Serving | undefined
  /** How often the child was replaced. */
  readonly restarts: () => number
  readonly pid: () => number | undefined
  /** Resolves when the model is ready for the first time; rejects when it cannot be loaded. */
  readonly ready: Promise<void>
  /** Says something to the child of this moment; a child that is just dying does not hear it. */
  readonly post: (command: Command) => void
  /** Ends the child for good; resolves when it is gone. */
  readonly close: () => Promise<void>
}

/** A child that dies while loading, e.g. for want of memory, is started so often in all before giving up. */
const MAX_LOAD_ATTEMPTS = 3
const FIRST_BACKOFF_MS = 250
const MAX_BACKOFF_MS = 30_000
/** A large model on a slow disk. */
const FIRST_LOAD_TIMEOUT_MS = 600_000
/** A later load may take so many times what the first took: the machine may be busier. */
const LATER_LOAD_FACTOR = 10

/** Starts the first child and returns at once. */
export function superviseChild(model: ResolvedModel, options: ChildSupervisorOptions): ChildSupervisor {
  const first = Promise.withResolvers<void>()
  // Those who don't wait for it see the failure in status().
  first.promise.catch(() => {})
  let status: EngineStatus = 'loading'
  let child: ChildProcess | undefined
  let found: LoadFindings | undefined
  let losses = 0
  let failuresInARow = 0
  let lastHeard = 0
  let spawnedAt = 0
  let loadMs = 0
  let loadTimeoutMs = FIRST_LOAD_TIMEOUT_MS
  let respawn: NodeJS.Timeout | undefined
  const isOver = () => status === 'failed' || status === 'closed'

  const giveUp = (error: RouterError) => {
    status = 'failed'
    clearInterval(watchdog)
    options.onLost(error)
    first.reject(error)
    child?.kill('SIGKILL')
  }

  const onMessage = (from: ChildProcess, report: Report) => {
    // What a child said before it heard of its end may arrive afterwards.
    if (from !== child || isOver()) return
    lastHeard = options.now()
    if (report.type === 'ready') {
      loadMs = lastHeard - spawnedAt
      if (found === undefined) loadTimeoutMs = Math.max(options.watchdogTimeoutMs, LATER_LOAD_FACTOR * loadMs)
      found = { speed: report.speed, serving: report.serving }
      status = 'ready'
      failuresInARow = 0
      first.resolve()
    } else if (report.type === 'load_failed') {
      // What could be loaded once can be again: memory is short just now, or a file is being replaced.
      if (found !== undefined) lose(from, 'failed')
      else giveUp(new RouterError(report.failure.code, report.failure.message))
    } else if (report.type === 'stats') options.onStats?.(report.stats)
    else if (report.type !== 'pong') options.onReport(report)
  }

  const lose = (lost: ChildProcess, reason: LossReason) => {
    if (lost !== child) return
    child = undefined
    lost.kill('SIGKILL')
    if (!isOver()) replace(reason)
  }

  const replace = (reason: LossReason) => {
    failuresInARow++
    if (found === undefined && failuresInARow >= MAX_LOAD_ATTEMPTS)
      return giveUp(
        new RouterError(
          'configuration',
          `The model's process died ${failuresInARow} times while loading ${model.info.name}. Most likely memory ran out: take a smaller LOCAL_MODEL_NAME or a larger machine.`,
        ),
      )
    losses++
    status = 'restarting'
    const delayMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failuresInARow - 1))
    const retryAfterMs = Math.max(1000, delayMs + loadMs)
    options.onLost(
      new RouterError('unavailable', 'The local model stopped and is being restarted.', { retryAfterMs }),
    )
    options.onRestart?.(reason, delayMs)
    respawn = setTimeout(spawn, delayMs)
  }

  const spawn = () => {
    spawnedAt = options.now()
    lastHeard = spawnedAt
    let started: ChildProcess
    try {
      started = options.startChild()
    } catch {
      // Too little memory even for a process.
      return replace('exited')
    }
    child = started
    started.on('message', (message: unknown) => onMessage(started, message as Report))
    started.on('exit', () => lose(started, 'exited'))
    started.on('error', () => lose(started, 'exited'))
    post(started, { type: 'load', model, graph: options.graph, settings: options.settings, found })
  }

  const tickMs = Math.max(100, Math.floor(options.watchdogTimeoutMs / 4))
  let lastTick = options.now()
  const watchdog = setInterval(() => {
    const now = options.now()
    // This process slept (a suspended machine, a debugger): the child's silence says nothing.
    if (now - lastTick > tickMs * 2) lastHeard = now
    lastTick = now
    if (!child) return
    const limit = status === 'ready' ? options.watchdogTimeoutMs : loadTimeoutMs
    if (now - lastHeard > limit) lose(child, 'unresponsive')
    else if (status === 'ready') post(child, { type: 'ping' })
  }, tickMs)
  watchdog.unref()

  spawn()
  return {
    status: () => status,
    speed: () => found?.speed,
    serving: () => found?.serving,
    restarts: () => losses,
    pid: () => child?.pid,
    ready: first.promise,
    post(command) {
      if (child) post(child, command)
    },
    async close() {
      if (status !== 'failed') status = 'closed'
      clearInterval(watchdog)
      clearTimeout(respawn)
      const closing = child
      const error = new RouterError('unavailable', 'The local model is shut down.', { retryAfterMs: 1000 })
      options.onLost(error)
      first.reject(error)
      if (!closing || closing.exitCode !== null || closing.signalCode !== null) return
      const gone = new Promise<void>((resolve) => closing.once('exit', () => resolve()))
      closing.kill('SIGKILL')
      await gone
    },
  }
}

/** A child that is just dying refuses messages; its exit tells the rest. */
function post(child: ChildProcess, command: Command): void {
  if (child.connected) child.send(command, () => {})
}
