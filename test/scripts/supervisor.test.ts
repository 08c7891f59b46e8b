import { expect, test } from 'vitest'
import type { Ending, ProcessGroup } from '../../scripts/stack/process-group.ts'
import { STARTUP_MS, supervise } from '../../scripts/stack/supervisor.ts'

test('starts again with growing pauses, and with short ones after a long healthy run', async () => {
  const world = fakeWorld([ended(10_000), ended(1_000), ended(1_000), ended(120_000), runs()])
  const supervisor = supervise(world.deps)
  await world.allStarted
  expect(world.pauses).toEqual([500, 1_000, 2_000, 500])
  expect(world.givenUp).toEqual([])
  await supervisor.stop()
})

test('gives up a program that ends by itself right after its first start', async () => {
  const world = fakeWorld([ended(STARTUP_MS - 1, { code: 1, signal: null })])
  await supervise(world.deps).finished
  expect(world.givenUp).toEqual([{ code: 1, signal: null }])
  expect(world.pauses).toEqual([])
})

test('does not give up a program that was killed right after its first start', async () => {
  const world = fakeWorld([ended(100, { code: null, signal: 'SIGKILL' }), runs()])
  const supervisor = supervise(world.deps)
  await world.allStarted
  expect(world.givenUp).toEqual([])
  await supervisor.stop()
})

test('never pauses longer than half a minute', async () => {
  const world = fakeWorld([ended(10_000), ...Array.from({ length: 9 }, () => ended(10)), runs()])
  const supervisor = supervise(world.deps)
  await world.allStarted
  expect(Math.max(...world.pauses)).toBe(30_000)
  await supervisor.stop()
})

test('does not start again what it was asked to stop', async () => {
  const world = fakeWorld([runs()])
  const supervisor = supervise(world.deps)
  await world.allStarted
  await supervisor.stop()
  expect(world.starts).toBe(1)
  expect(world.pauses).toEqual([])
})

test('a program that cannot be started at all is reported', async () => {
  const world = fakeWorld([])
  await expect(supervise(world.deps).finished).rejects.toThrow('nothing left to start')
})

type Run = { readonly forMs: number; readonly ending: Ending | undefined }

function ended(forMs: number, ending: Ending = { code: 1, signal: null }): Run {
  return { forMs, ending }
}

function runs(): Run {
  return { forMs: 0, ending: undefined }
}

function fakeWorld(script: Run[]) {
  let clock = 0
  const started = Promise.withResolvers<void>()
  const world = {
    starts: 0,
    pauses: [] as number[],
    givenUp: [] as Ending[],
    allStarted: started.promise,
    deps: {
      now: () => clock,
      graceMs: 1,
      pause: async (ms: number) => {
        world.pauses.push(ms)
      },
      onRestart: () => {},
      onGivenUp: (ending: Ending) => void world.givenUp.push(ending),
      start: async (): Promise<ProcessGroup> => {
        const run = script[world.starts++]
        if (run === undefined) throw new Error('nothing left to start')
        if (world.starts === script.length) started.resolve()
        const end = Promise.withResolvers<Ending>()
        if (run.ending !== undefined) {
          end.resolve(run.ending)
          // The clock is read once before the start and once after the end.
          clock += run.forMs
        }
        return {
          id: 0,
          ended: end.promise,
          stop: async () => end.resolve({ code: null, signal: 'SIGTERM' }),
        }
      },
    },
  }
  return world
}
