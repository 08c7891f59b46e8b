import { ChildProcess } from 'node:child_process'
import { afterEach, expect, test, vi } from 'vitest'
import { type ChildSupervisorOptions, superviseChild } from '../../../inference/engine/supervisor.ts'
import type { RouterError } from '../../../shared/errors.ts'
import { tinyModel } from '../../contract/engine.ts'
import { UNPREPARED } from '../../support/unprepared-graph.ts'

const READY = {
  type: 'ready',
  speed: { firstTokenMs: 10, prefillTokensPerSecond: 500, tokensPerSecond: 50 },
  serving: { loop: 'generate', weights: 'q4', rows: 1 },
}
const LOAD_FAILED = { type: 'load_failed', failure: { code: 'configuration', message: 'no memory' } }

/** A process that does what the test says; a signal ends it at once. */
function fakeChild() {
  const commands: unknown[] = []
  const child = Object.assign(new ChildProcess(), {
    connected: true,
    send: (command: unknown) => commands.push(command) > 0,
    kill() {
      if (!child.connected) return false
      child.connected = false
      child.emit('exit', null, 'SIGKILL')
      return true
    },
  })
  return { child, commands, says: (report: unknown) => child.emit('message', report) }
}

function supervise(more: Partial<ChildSupervisorOptions> = {}) {
  vi.useFakeTimers()
  const children: ReturnType<typeof fakeChild>[] = []
  const events: string[] = []
  const lost: RouterError[] = []
  const supervisor = superviseChild(tinyModel('tiny-llama'), {
    graph: UNPREPARED,
    settings: { threads: 1, maxRows: 4, prefixCacheBytes: 0 },
    watchdogTimeoutMs: 10_000,
    now: () => Date.now(),
    startChild() {
      const started = fakeChild()
      children.push(started)
      return started.child
    },
    onRestart: (reason, delayMs) => events.push(`${reason} ${delayMs}`),
    onReport: (report) => events.push(report.type),
    onLost: (error) => {
      events.push(error.code)
      lost.push(error)
    },
    ...more,
  })
  const last = () => children.at(-1) ?? fakeChild()
  return { supervisor, children, events, lost, last }
}

afterEach(() => void vi.useRealTimers())

test('tells a started child to load, and passes on what it says about requests', async () => {
  const { supervisor, last, events } = supervise()
  expect(last().commands).toMatchObject([{ type: 'load', settings: { threads: 1 } }])
  last().says(READY)
  last().says({ type: 'counted', id: 1, tokens: 3 })
  await supervisor.ready
  expect(events).toEqual(['counted'])
  expect(supervisor.speed()).toMatchObject({ tokensPerSecond: 50 })
})

test('tells a replacement what the first child found out, and clients when it will be ready', async () => {
  const { last, lost } = supervise()
  expect(last().commands).toMatchObject([{ found: undefined }])
  await vi.advanceTimersByTimeAsync(1500)
  last().says(READY)
  last().child.kill()
  expect(lost).toMatchObject([{ code: 'unavailable', retryAfterMs: 1750 }])
  await vi.advanceTimersByTimeAsync(250)
  const { type: _type, ...found } = READY
  expect(last().commands).toMatchObject([{ type: 'load', found }])
})

test('passes on what the child has counted', () => {
  const counted: unknown[] = []
  const { last } = supervise({ onStats: (stats) => counted.push(stats) })
  last().says(READY)
  last().says({ type: 'stats', stats: { steps: 3 } })
  expect(counted).toEqual([{ steps: 3 }])
})

test('stays closed when the child became ready just before its end', async () => {
  const { supervisor, last, children } = supervise()
  const child = last()
  const kill = child.child.kill.bind(child.child)
  child.child.kill = () => {
    child.says(READY)
    return kill()
  }
  await supervisor.close()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(supervisor.status()).toBe('closed')
  expect(children).toHaveLength(1)
})

test('tries again where a model that was loaded before cannot be loaded just now', async () => {
  const { supervisor, last, events } = supervise()
  last().says(READY)
  last().child.kill()
  await vi.advanceTimersByTimeAsync(250)
  last().says(LOAD_FAILED)
  await vi.advanceTimersByTimeAsync(500)
  last().says(READY)
  expect(supervisor.status()).toBe('ready')
  expect(events).toEqual(['unavailable', 'exited 250', 'unavailable', 'failed 500'])
})

test('gives up on a model that could never be loaded', async () => {
  const { supervisor, last, children } = supervise()
  last().says(LOAD_FAILED)
  await expect(supervisor.ready).rejects.toMatchObject({ code: 'configuration', message: 'no memory' })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(supervisor.status()).toBe('failed')
  expect(children).toHaveLength(1)
})

test('gives up on a child that dies at each load, and says that memory may be short', async () => {
  const { supervisor, last, children } = supervise()
  for (let attempt = 0; attempt < 3; attempt++) {
    last().child.kill()
    await vi.advanceTimersByTimeAsync(1000)
  }
  await expect(supervisor.ready).rejects.toThrow(/died 3 times .* memory/)
  expect(children).toHaveLength(3)
})

test('goes on trying where no process can be started for a while', async () => {
  let refused = 1
  const { supervisor, last } = supervise({
    startChild() {
      if (refused-- > 0) throw new Error('spawn ENOMEM')
      return child.child
    },
  })
  const child = fakeChild()
  expect(supervisor.status()).toBe('restarting')
  await vi.advanceTimersByTimeAsync(250)
  child.says(READY)
  expect(supervisor.status()).toBe('ready')
  expect(last().commands).toEqual([])
})

test('waits longer before each replacement, until one is ready', async () => {
  const { last, events } = supervise()
  last().says(READY)
  for (const pause of [250, 500, 1000]) {
    last().child.kill()
    await vi.advanceTimersByTimeAsync(pause)
  }
  last().says(READY)
  last().child.kill()
  expect(events.filter((event) => event.startsWith('exited'))).toEqual([
    'exited 250',
    'exited 500',
    'exited 1000',
    'exited 250',
  ])
})

test('kills a child that is silent for too long, and only then', async () => {
  const { last, events } = supervise()
  last().says(READY)
  const { child, commands } = last()
  await vi.advanceTimersByTimeAsync(9000)
  expect(commands.at(-1)).toEqual({ type: 'ping' })
  last().says({ type: 'pong' })
  await vi.advanceTimersByTimeAsync(9000)
  expect(child.connected).toBe(true)
  await vi.advanceTimersByTimeAsync(5000)
  expect(child.connected).toBe(false)
  expect(events).toContain('unresponsive 250')
})
