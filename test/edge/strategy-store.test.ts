/** The strategy set at runtime: fresh soon, never in a request's way, never a reason to fail. */
import { expect, test } from 'vitest'
import { type ControlState, EMPTY_CONTROL_STATE } from '../../edge/control/control-state.ts'
import { createControlStore } from '../../edge/control/control-store.ts'
import type { Strategy } from '../../edge/strategy.ts'
import { createStrategyStore } from '../../edge/strategy-store.ts'
import { collectLog, loggedLines } from '../support/edge/log-collector.ts'

let versions = 0

function stateWith(strategy: Strategy | undefined): ControlState {
  versions += 1
  const set = strategy && ({ strategy, configured: 'hybrid' } as const)
  return { ...EMPTY_CONTROL_STATE, version: versions, strategy: set }
}

function storeOver(read: () => Promise<Strategy | undefined>) {
  const clock = { now: 0 }
  const written: Strategy[] = []
  const control = createControlStore(
    {
      read: async () => {
        const versionBefore = versions
        const state = stateWith(await read())
        return { ...state, version: versionBefore }
      },
      change: async (change) => {
        if (change.kind === 'set_strategy') written.push(change.strategy)
        else written.length = 0
        return { state: stateWith(written.at(-1)) }
      },
    },
    'hybrid',
    () => clock.now,
    collectLog,
  )
  const later: Promise<unknown>[] = []
  const store = createStrategyStore(control, 'hybrid')
  const current = () => store.current((work) => later.push(work))
  return { store, clock, written, current, settle: () => Promise.all(later) }
}

test('is the configured one where none was set', async () => {
  expect(await storeOver(async () => undefined).current()).toBe('hybrid')
})

test('is what was set, at once where it was set', async () => {
  const { store, current, written } = storeOver(async () => undefined)
  await store.set('claude_only')
  expect(await current()).toBe('claude_only')
  expect(written).toEqual(['claude_only'])
})

test('follows another isolate within two seconds, without making a request wait', async () => {
  let elsewhere: Strategy = 'claude_only'
  const { clock, current, settle } = storeOver(async () => elsewhere)
  expect(await current()).toBe('claude_only')
  elsewhere = 'local_fallback'
  clock.now = 1_999
  expect(await current()).toBe('claude_only')
  clock.now = 2_001
  expect(await current()).toBe('claude_only')
  await settle()
  expect(await current()).toBe('local_fallback')
})

test('keeps what was set here, whatever a read that began before says', async () => {
  const reads: ((strategy: Strategy | undefined) => void)[] = []
  const { store, current } = storeOver(() => new Promise((resolve) => reads.push(resolve)))
  const first = current()
  await store.set('claude_only')
  reads[0]?.('hybrid')
  expect(await first).toBe('claude_only')
  expect(await current()).toBe('claude_only')
})

test('falls back to the configured one when the record cannot be read', async () => {
  const { current } = storeOver(async () => {
    throw new Error('internals-canary')
  })
  expect(await current()).toBe('hybrid')
  expect(loggedLines()).toMatchObject([{ level: 'error', fields: { strategy: 'hybrid' } }])
})

test('does not wait for a record that hangs', async () => {
  const { current } = storeOver(() => new Promise(() => {}))
  expect(await current()).toBe('hybrid')
})

test('keeps the last strategy it knows when the record fails later', async () => {
  let works = true
  const { clock, current, settle } = storeOver(async () => {
    if (!works) throw new Error('gone')
    return 'local_only'
  })
  expect(await current()).toBe('local_only')
  works = false
  clock.now = 5_000
  await current()
  await settle()
  expect(await current()).toBe('local_only')
})

test('says so when a strategy cannot be stored, and keeps the old one', async () => {
  const record = {
    read: async () => undefined,
    change: async () => {
      throw new Error('full')
    },
  }
  const store = createStrategyStore(
    createControlStore(record, 'hybrid', () => 0, collectLog),
    'hybrid',
  )
  await expect(store.set('claude_only')).rejects.toThrow('full')
  expect(await store.current(() => {})).toBe('hybrid')
})

test('returns to the configured one when it is reset', async () => {
  const { store, current, written } = storeOver(async () => 'claude_only')
  expect(await current()).toBe('claude_only')
  await store.reset()
  expect(await current()).toBe('hybrid')
  expect(written).toEqual([])
})
