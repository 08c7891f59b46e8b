/**
 * The engine behind a child process, so that a step never blocks the server and a crash never ends it.
 * Watches the child, replaces one that died or hangs, and fails its requests with `unavailable`.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { RouterError } from '../../shared/errors.ts'
import { type AsyncQueue, createAsyncQueue } from '../async-queue.ts'
import type { ResolvedModel } from '../resolve-model.ts'
import type { Engine, EngineEvent, GenerateRequest } from './engine.ts'
import { type Command, type Report, reportSchema } from './engine-messages.ts'
import type { Speed } from './self-test.ts'

export type EngineStatus = 'loading' | 'ready' | 'restarting' | 'failed' | 'closed'

export type EngineProcess = Engine & {
  readonly status: () => EngineStatus
  /** Measured by the self-test; undefined until the model was ready once. */
  readonly speed: () => Speed | undefined
  /** How often the child was replaced. */
  readonly restarts: () => number
  readonly pid: () => number | undefined
  /** Resolves when the model is ready for the first time; rejects when it cannot be loaded. */
  readonly ready: Promise<void>
}

export type EngineProcessOptions = {
  readonly threads: number
  /** A child that has said nothing for so long is killed, in ms. */
  readonly watchdogTimeoutMs: number
  /** Environment of the child; secrets have no business in it. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => number
  /** Told of each child that was lost. */
  readonly onRestart?: (reason: 'exited' | 'unresponsive', delayMs: number) => void
}

/** A child that dies while loading, e.g. for want of memory, is started so often in all before giving up. */
const MAX_LOAD_ATTEMPTS = 3
const FIRST_BACKOFF_MS = 250
const MAX_BACKOFF_MS = 30_000
/** A large model on a slow disk. */
const FIRST_LOAD_TIMEOUT_MS = 600_000
/** A later load may take so many times what the first took: the machine may be busier. */
const LATER_LOAD_FACTOR = 10
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot', 'LD_LIBRARY_PATH', 'TZ'] as const

type Pending = {
  readonly onReport: (report: Report) => void
  readonly onLost: (error: RouterError) => void
}

/** Starts the child and returns at once; requests before it is ready fail with `unavailable`. */
export function createEngineProcess(model: ResolvedModel, options: EngineProcessOptions): EngineProcess {
  const pending = new Map<number, Pending>()
  const first = Promise.withResolvers<void>()
  // Those who don't wait for it see the failure in status().
  first.promise.catch(() => {})
  let status: EngineStatus = 'loading'
  let child: ChildProcess | undefined
  let speed: Speed | undefined
  let lastId = 0
  let losses = 0
  let failuresInARow = 0
  let lastHeard = 0
  let spawnedAt = 0
  let loadTimeoutMs = FIRST_LOAD_TIMEOUT_MS
  let respawn: NodeJS.Timeout | undefined

  const unavailable = (message: string, retryAfterMs = FIRST_BACKOFF_MS * 2 ** failuresInARow) =>
    new RouterError('unavailable', message, { retryAfterMs: Math.max(1000, retryAfterMs) })

  const failPending = (error: RouterError) => {
    for (const { onLost } of pending.values()) onLost(error)
    pending.clear()
  }

  const giveUp = (error: RouterError) => {
    status = 'failed'
    failPending(error)
    first.reject(error)
    child?.kill('SIGKILL')
  }

  const onReport = (from: ChildProcess, message: unknown) => {
    if (from !== child) return
    lastHeard = options.now()
    const report = reportSchema.parse(message)
    if (report.type === 'ready') {
      if (speed === undefined)
        loadTimeoutMs = Math.max(options.watchdogTimeoutMs, LATER_LOAD_FACTOR * (lastHeard - spawnedAt))
      speed = report
      status = 'ready'
      failuresInARow = 0
      first.resolve()
    } else if (report.type === 'load_failed') {
      giveUp(new RouterError(report.failure.code, report.failure.message))
    } else if (report.type !== 'pong') pending.get(report.id)?.onReport(report)
  }

  const onLost = (lost: ChildProcess, reason: 'exited' | 'unresponsive') => {
    if (lost !== child) return
    child = undefined
    if (status === 'failed' || status === 'closed') return
    failuresInARow++
    if (speed === undefined && failuresInARow >= MAX_LOAD_ATTEMPTS)
      return giveUp(
        new RouterError(
          'configuration',
          `The model's process died ${failuresInARow} times while loading ${model.info.name}. Most likely memory ran out: take a smaller LOCAL_MODEL_NAME or a larger machine.`,
        ),
      )
    losses++
    status = 'restarting'
    failPending(unavailable('The local model stopped and is being restarted.'))
    const delayMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failuresInARow - 1))
    options.onRestart?.(reason, delayMs)
    respawn = setTimeout(spawn, delayMs)
  }

  const spawn = () => {
    spawnedAt = options.now()
    lastHeard = spawnedAt
    const started = fork(join(import.meta.dirname, 'engine-child.ts'), [], {
      env: childEnvironment(options.env),
      // A small young generation: tensors live outside the heap, and 50 MB less stay resident.
      execArgv: ['--max-semi-space-size=1'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    child = started
    started.on('message', (message) => onReport(started, message))
    started.on('exit', () => onLost(started, 'exited'))
    started.on('error', () => onLost(started, 'exited'))
    post(started, { type: 'load', model, threads: options.threads })
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
    if (now - lastHeard > limit) {
      const hung = child
      hung.kill('SIGKILL')
      onLost(hung, 'unresponsive')
    } else if (status === 'ready') post(child, { type: 'ping' })
  }, tickMs)
  watchdog.unref()

  const readyChild = (): ChildProcess => {
    if (status === 'ready' && child) return child
    if (status === 'closed') throw unavailable('The local model is shut down.')
    throw unavailable(
      status === 'failed' ? 'The local model could not be loaded.' : 'The local model is loading.',
      status === 'failed' ? 60_000 : 2000,
    )
  }

  async function* generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    const target = readyChild()
    if (signal.aborted) throw new RouterError('cancelled', 'The request was cancelled.')
    const id = ++lastId
    const queue = createAsyncQueue<EngineEvent>()
    const finished = Promise.withResolvers<void>()
    const abort = () => post(target, { type: 'abort', id })
    pending.set(id, {
      onReport: (report) => settleGeneration(report, queue, finished.resolve),
      onLost: (error) => {
        queue.fail(error)
        finished.resolve()
      },
    })
    signal.addEventListener('abort', abort, { once: true })
    post(target, { type: 'generate', id, request })
    try {
      yield* queue
    } finally {
      signal.removeEventListener('abort', abort)
      abort()
      // The slot is free only when the model has really stopped.
      await finished.promise
      pending.delete(id)
    }
  }

  spawn()
  return {
    info: model.info,
    generate,
    status: () => status,
    speed: () => speed,
    restarts: () => losses,
    pid: () => child?.pid,
    ready: first.promise,
    countTokens(prompt) {
      const target = readyChild()
      const id = ++lastId
      return new Promise<number>((resolve, reject) => {
        pending.set(id, {
          onReport(report) {
            pending.delete(id)
            if (report.type === 'counted') resolve(report.tokens)
            else if (report.type === 'failed')
              reject(new RouterError(report.failure.code, report.failure.message))
          },
          onLost: reject,
        })
        post(target, { type: 'count', id, prompt })
      })
    },
    async close() {
      if (status !== 'failed') status = 'closed'
      clearInterval(watchdog)
      clearTimeout(respawn)
      const closing = child
      failPending(unavailable('The local model is shut down.'))
      first.reject(unavailable('The local model is shut down.'))
      if (!closing || closing.exitCode !== null || closing.signalCode !== null) return
      const gone = new Promise<void>((resolve) => closing.once('exit', () => resolve()))
      closing.kill('SIGKILL')
      await gone
    },
  }
}

function settleGeneration(report: Report, queue: AsyncQueue<EngineEvent>, finish: () => void): void {
  if (report.type === 'event') {
    queue.push(report.event)
    if (report.event.type !== 'end') return
    queue.end()
    finish()
  } else if (report.type === 'failed') {
    queue.fail(new RouterError(report.failure.code, report.failure.message))
    finish()
  }
}

/** A child that is just dying refuses messages; its exit tells the rest. */
function post(child: ChildProcess, command: Command): void {
  if (child.connected) child.send(command, () => {})
}

function childEnvironment(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const passed = Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
  // glibc keeps freed memory per thread otherwise: 351 instead of 406 MB after loading the shipped model.
  return { ...passed, MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '65536' }
}
