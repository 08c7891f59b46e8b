/**
 * A contender as the benchmark holds it: a process of its own, with one thread and the memory settings that the
 * container gives its model's process.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type * as z from 'zod'
import { MODEL_PROCESS } from '../../inference/engine/process.ts'
import { answersSchema, arrivalSchema, type Load, loadSchema, type Task } from './contender.ts'
import { usedCpuMs } from './process-usage.ts'

export type ContenderStart = {
  readonly name: string
  /** What it runs, in words. */
  readonly what: string
  /** Its file in contenders/. */
  readonly script: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Why it cannot be started here; undefined where it can. */
  readonly unavailable?: string | undefined
}

export type LoadTime = { readonly wallMs: number; readonly cpuMs: number | undefined }

type TaskOf<T extends Task['type']> = Omit<Extract<Task, { type: T }>, 'type'>

export type ContenderProcess = {
  readonly pid: number
  readonly rows: number
  readonly serving: string | undefined
  /** From the start of the process to the model being loaded; processor time of what it started as well. */
  readonly load: LoadTime
  readonly answers: (task: TaskOf<'answers'>) => Promise<z.infer<typeof answersSchema>>
  readonly arrival: (task: TaskOf<'arrival'>) => Promise<z.infer<typeof arrivalSchema>>
  readonly close: () => Promise<void>
}

/** Why a contender is left out. */
export class ContenderUnavailable extends Error {}

/**
 * Starts a contender and waits until it is loaded.
 * @throws {ContenderUnavailable} with its reason where it cannot be loaded
 */
export async function startContender(
  { script, args, env, unavailable }: ContenderStart,
  rows: number,
): Promise<ContenderProcess> {
  if (unavailable !== undefined) throw new ContenderUnavailable(unavailable)
  const startedAt = performance.now()
  const child = fork(join(import.meta.dirname, 'contenders', script), [...args, '--rows', String(rows)], {
    env: { ...process.env, ...MODEL_PROCESS.env, NUM_THREADS: process.env.NUM_THREADS ?? '1', ...env },
    execArgv: MODEL_PROCESS.execArgv,
    // What a library prints is not the benchmark's result.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const loaded: Load = loadSchema.parse(await nextMessage(child))
  const load = { wallMs: performance.now() - startedAt, cpuMs: usedCpuMs([child.pid ?? 0]) }
  const close = async () => {
    const exited = once(child, 'exit')
    child.disconnect()
    await exited
  }
  if (loaded.type === 'unavailable') {
    await close()
    throw new ContenderUnavailable(loaded.reason)
  }
  const ask = async <T>(task: Task, schema: z.ZodType<T>): Promise<T> => {
    const answer = nextMessage(child)
    child.send(task)
    return schema.parse(await answer)
  }
  return {
    pid: child.pid ?? 0,
    rows: loaded.rows,
    serving: loaded.serving,
    load,
    answers: (task) => ask({ type: 'answers', ...task }, answersSchema),
    arrival: (task) => ask({ type: 'arrival', ...task }, arrivalSchema),
    close,
  }
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stopWaiting = () => {
      child.off('message', onMessage)
      child.off('exit', onExit)
    }
    const onMessage = (message: unknown) => {
      stopWaiting()
      resolve(message)
    }
    const onExit = (code: number | null, signal: string | null) => {
      stopWaiting()
      reject(new ContenderUnavailable(`its process ended (${signal ?? code})`))
    }
    child.on('message', onMessage)
    child.on('exit', onExit)
  })
}
