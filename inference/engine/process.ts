/**
 * The engine behind a child process, so that a step never blocks the server and a crash never ends it.
 * Owns requests and what becomes of them when the child is lost; supervisor.ts owns the child.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { RouterError } from '../../shared/errors.ts'
import type { ResolvedModel } from '../models/resolve.ts'
import { type AsyncQueue, createAsyncQueue } from '../serving/async-queue.ts'
import type { Engine, EngineEvent, GenerateRequest } from './engine.ts'
import type { Command } from './protocol.ts'
import {
  type ChildSupervisor,
  type ChildSupervisorOptions,
  type RequestReport,
  superviseChild,
} from './supervisor.ts'

export type EngineProcess = Engine &
  Pick<ChildSupervisor, 'status' | 'speed' | 'serving' | 'restarts' | 'pid' | 'ready' | 'close'>

export type EngineProcessOptions = Pick<
  ChildSupervisorOptions,
  'graph' | 'settings' | 'watchdogTimeoutMs' | 'now' | 'onRestart' | 'onStats'
> & {
  /** Whether this process may end while the child runs; the child then ends by itself. */
  readonly detached?: boolean
  /** Where compiled code is kept, so that a later child is ready earlier: by 0.15 s of 1.2 s of CPU. */
  readonly compileCacheDir?: string | undefined
  /** The program of the child, for tests. */
  readonly childModule?: string | undefined
  /** Environment of the child; secrets have no business in it. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** How the model's process is started, for memory's sake. */
export const MODEL_PROCESS = {
  // glibc keeps freed memory per thread otherwise: 351 instead of 406 MB after loading the shipped model.
  env: { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '65536' },
  // A small young generation: tensors live outside the heap, and 50 MB less stay resident.
  execArgv: ['--max-semi-space-size=1'],
}

const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot', 'LD_LIBRARY_PATH', 'TZ'] as const

type Pending = {
  readonly onReport: (report: RequestReport) => void
  readonly onLost: (error: RouterError) => void
}

/** Starts the child and returns at once; requests before it is ready fail with `unavailable`. */
export function createEngineProcess(model: ResolvedModel, options: EngineProcessOptions): EngineProcess {
  const pending = new Map<number, Pending>()
  let lastId = 0
  const child = superviseChild(model, {
    ...options,
    startChild: () => startChild(options),
    onReport: (report) => pending.get(report.id)?.onReport(report),
    onLost(error) {
      for (const { onLost } of pending.values()) onLost(error)
      pending.clear()
    },
  })

  async function* generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    checkReady(child)
    if (signal.aborted) throw new RouterError('cancelled', 'The request was cancelled.')
    const id = ++lastId
    const queue = createAsyncQueue<EngineEvent>()
    const finished = Promise.withResolvers<void>()
    const abort = () => child.post({ type: 'abort', id })
    pending.set(id, {
      onReport: (report) => settleGeneration(report, queue, finished.resolve),
      onLost(error) {
        queue.fail(error)
        finished.resolve()
      },
    })
    signal.addEventListener('abort', abort, { once: true })
    child.post({ type: 'generate', id, request })
    try {
      yield* queue
    } finally {
      signal.removeEventListener('abort', abort)
      if (pending.has(id)) abort()
      // The slot is free only when the model has really stopped.
      await finished.promise
      pending.delete(id)
    }
  }

  /** Asks what is answered by one report. */
  const ask = (command: (id: number) => Command): { id: number; answer: Promise<RequestReport> } => {
    checkReady(child)
    const id = ++lastId
    const answer = new Promise<RequestReport>((resolve, reject) => {
      pending.set(id, {
        onReport(report) {
          pending.delete(id)
          if (report.type !== 'failed') return resolve(report)
          reject(new RouterError(report.failure.code, report.failure.message))
        },
        onLost: reject,
      })
      child.post(command(id))
    })
    return { id, answer }
  }

  const { status, speed, serving, restarts, pid, ready, close } = child
  return {
    info: model.info,
    generate,
    countTokens(prompt) {
      const { answer } = ask((id) => ({ type: 'count', id, prompt }))
      return answer.then((report) => (report.type === 'counted' ? report.tokens : unexpected()))
    },
    async judge({ system, turns, cacheScope }, signal) {
      if (signal.aborted) throw new RouterError('cancelled', 'The request was cancelled.')
      const { id, answer } = ask((id) => ({ type: 'judge', id, prompt: { system, turns }, cacheScope }))
      const abort = () => child.post({ type: 'abort', id })
      signal.addEventListener('abort', abort, { once: true })
      try {
        const report = await answer
        return report.type === 'judged' ? report.judgement : unexpected()
      } finally {
        signal.removeEventListener('abort', abort)
      }
    },
    status,
    speed,
    serving,
    restarts,
    pid,
    ready,
    close,
  }
}

function unexpected(): never {
  throw new TypeError('The model’s process answered another question.')
}

/** @throws {RouterError} `unavailable` unless the model can be asked */
function checkReady(child: ChildSupervisor): void {
  const reasons = {
    loading: ['The local model is loading.', 2000],
    restarting: ['The local model is being restarted.', 2000],
    failed: ['The local model could not be loaded.', 60_000],
    closed: ['The local model is shut down.', 1000],
  } as const
  const status = child.status()
  if (status === 'ready') return
  const [message, retryAfterMs] = reasons[status]
  throw new RouterError('unavailable', message, { retryAfterMs })
}

function settleGeneration(report: RequestReport, queue: AsyncQueue<EngineEvent>, finish: () => void): void {
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

const CHILD_MODULE = join(import.meta.dirname, 'child.ts')

function startChild({
  env,
  detached = false,
  compileCacheDir,
  childModule = CHILD_MODULE,
}: EngineProcessOptions): ChildProcess {
  const passed = Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
  const child = fork(childModule, [], {
    env: {
      ...passed,
      ...MODEL_PROCESS.env,
      ...(compileCacheDir === undefined ? {} : { NODE_COMPILE_CACHE: compileCacheDir }),
    },
    execArgv: MODEL_PROCESS.execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  if (detached) {
    child.unref()
    child.channel?.unref()
  }
  return child
}
