/** The isolate's copy: fresh soon, beside requests, never older than what it knew. */
import { expect, test } from 'vitest'
import type { ControlRecord } from '../../../edge/control/control-record.ts'
import { createMemoryControlRecord } from '../../../edge/control/control-record.ts'
import { type ControlState, EMPTY_CONTROL_STATE } from '../../../edge/control/control-state.ts'
import { createControlStore } from '../../../edge/control/control-store.ts'
import { runtimeKey } from '../../contract/control-record.ts'
import { collectLog, loggedLines } from '../../support/edge/log-collector.ts'

function storeOver(record: ControlRecord) {
  const clock = { now: 0 }
  const later: Promise<unknown>[] = []
  const store = createControlStore(record, 'hybrid', () => clock.now, collectLog)
  return {
    store,
    clock,
    load: () => store.load((work) => later.push(work)),
    settle: () => Promise.all(later),
    isOpen: (id: string) => store.known()?.keys.has(id),
  }
}

test('knows nothing before it was loaded, and nothing set is not the same as nothing known', async () => {
  const { store, load } = storeOver(createMemoryControlRecord('hybrid'))
  expect(store.known()).toBeUndefined()
  await load()
  expect(store.known()?.keys.size).toBe(0)
})

test('takes over another isolate’s change after two seconds, beside requests', async () => {
  const record = createMemoryControlRecord('hybrid')
  const [here, there] = [storeOver(record), storeOver(record)]
  await here.load()
  await there.load()
  await there.store.change({ kind: 'create_key', key: runtimeKey('key_1') })
  expect(there.isOpen('key_1')).toBe(true)
  here.clock.now = 2_001
  await here.load()
  await here.settle()
  expect(here.isOpen('key_1')).toBe(true)
  await there.store.change({ kind: 'revoke_key', id: 'key_1' })
  here.clock.now = 4_002
  await here.load()
  await here.settle()
  expect(here.isOpen('key_1')).toBe(false)
})

test('a read that began before a revocation does not bring the key back', async () => {
  const record = createMemoryControlRecord('hybrid')
  const held: ((state: ControlState | undefined) => void)[] = []
  let holds = false
  const { store, load, clock, settle, isOpen } = storeOver({
    ...record,
    read: (known) => (holds ? new Promise((resolve) => held.push(resolve)) : record.read(known)),
  })
  await load()
  await store.change({ kind: 'create_key', key: runtimeKey('key_1') })
  const old = store.known()
  holds = true
  clock.now = 3_000
  await load()
  await store.change({ kind: 'revoke_key', id: 'key_1' })
  held[0]?.(old)
  await settle()
  expect(isOpen('key_1')).toBe(false)
})

test('of two changes at once the newer state stays, whichever is told first', async () => {
  const record = createMemoryControlRecord('hybrid')
  await record.change({ kind: 'create_key', key: runtimeKey('key_1') })
  let release = () => {}
  const { store, isOpen } = storeOver({
    ...record,
    change: async (change) => {
      const result = await record.change(change)
      if (change.kind === 'set_limits')
        await new Promise<void>((resolve) => {
          release = resolve
        })
      return result
    },
  })
  const slow = store.change({ kind: 'set_limits', tenant: 'alice', limits: {} })
  await store.change({ kind: 'revoke_key', id: 'key_1' })
  release()
  await slow
  expect(isOpen('key_1')).toBe(false)
})

test('a storage that begins anew is believed', async () => {
  let state: ControlState = {
    ...EMPTY_CONTROL_STATE,
    version: 9,
    keys: new Map([['key_1', runtimeKey('key_1')]]),
  }
  const { load, clock, settle, isOpen } = storeOver({
    read: async () => state,
    change: async () => ({ state }),
  })
  await load()
  expect(isOpen('key_1')).toBe(true)
  state = EMPTY_CONTROL_STATE
  clock.now = 3_000
  await load()
  await settle()
  expect(isOpen('key_1')).toBe(false)
})

test('keeps what it knew while the record fails, and says so once a read', async () => {
  const record = createMemoryControlRecord('hybrid')
  await record.change({ kind: 'create_key', key: runtimeKey('key_1') })
  let works = true
  const { load, clock, settle, isOpen } = storeOver({
    ...record,
    read: (known) => (works ? record.read(known) : Promise.reject(new Error('internals-canary'))),
  })
  await load()
  works = false
  clock.now = 3_000
  await load()
  await load()
  await settle()
  expect(isOpen('key_1')).toBe(true)
  expect(loggedLines()).toMatchObject([{ level: 'error', fields: { known: true } }])
})

test('reads again soon after the first read failed, and when the clock was set back', async () => {
  const record = createMemoryControlRecord('hybrid')
  let reads = 0
  const { store, load, clock, settle } = storeOver({
    ...record,
    read: async (known) => {
      reads += 1
      if (reads === 1) throw new Error('away')
      return record.read(known)
    },
  })
  clock.now = 1_000_000
  await load()
  expect(store.known()).toBeUndefined()
  clock.now -= 500_000
  await load()
  await settle()
  expect(store.known()).toBeDefined()
})
