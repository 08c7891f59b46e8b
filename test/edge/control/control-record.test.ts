/** The records of the control state: of one process, and over the entries of a Durable Object. */
import { expect, test } from 'vitest'
import { createControlKeeper, createMemoryControlRecord } from '../../../edge/control/control-record.ts'
import { createControlStorage, type Entries } from '../../../edge/durable/control-storage.ts'
import type { Strategy } from '../../../edge/strategy.ts'
import { runtimeKey, testControlRecord, testLastingControlRecord } from '../../contract/control-record.ts'

testControlRecord('the record of one process', async () => ({ record: createMemoryControlRecord('hybrid') }))

for (const testRecord of [testControlRecord, testLastingControlRecord])
  testRecord('the record over stored entries', async () => {
    const { entries } = createEntries()
    const open = (configured: Strategy) => recordOver(entries, configured)
    return { record: open('hybrid'), reopen: async (configured) => open(configured) }
  })

test('a change writes one entry and the version', async () => {
  const { entries, written } = createEntries()
  const record = recordOver(entries, 'hybrid')
  for (let index = 0; index < 10; index++)
    await record.change({ kind: 'create_key', key: runtimeKey(`key_${index}`) })
  written.length = 0
  await record.change({ kind: 'create_key', key: runtimeKey('key_10') })
  await record.change({ kind: 'revoke_key', id: 'key_3' })
  await record.change({ kind: 'set_limits', tenant: 'alice', limits: {} })
  expect(written).toEqual([
    ['control-version', 'control-key:key_10'],
    ['control-version'],
    ['control-version', 'control-limits:alice'],
  ])
})

test('isolates that ask again and again cost no reads', async () => {
  const { entries, reads } = createEntries()
  const record = recordOver(entries, 'hybrid')
  for (let count = 0; count < 50; count++) await record.read(count === 0 ? undefined : 0)
  expect(reads()).toBe(4)
})

test('a change that cannot be stored does not hold', async () => {
  const { entries } = createEntries()
  let isFull = false
  const put: Entries['put'] = (pairs) => (isFull ? Promise.reject(new Error('full')) : entries.put(pairs))
  const record = recordOver({ ...entries, put }, 'hybrid')
  await record.change({ kind: 'create_key', key: runtimeKey('key_1') })
  isFull = true
  await expect(record.change({ kind: 'create_key', key: runtimeKey('key_2') })).rejects.toThrow('full')
  expect([...((await record.read(undefined))?.keys.keys() ?? [])]).toEqual(['key_1'])
})

test('half a state is none', async () => {
  const { entries } = createEntries()
  await entries.put({ 'control-key:key_1': { ...runtimeKey('key_1'), digest: 'nonsense' } })
  await expect(recordOver(entries, 'hybrid').read(undefined)).rejects.toThrow()
})

test('a strategy that an earlier version stored still holds', async () => {
  const { entries } = createEntries()
  await entries.put({ strategy: { strategy: 'claude_only', configured: 'hybrid' } })
  expect((await recordOver(entries, 'hybrid').read(undefined))?.strategy?.strategy).toBe('claude_only')
})

function recordOver(entries: Entries, configured: Strategy) {
  const keeper = createControlKeeper(createControlStorage(entries))
  return {
    read: (known: number | undefined) => keeper.read(configured, known),
    change: keeper.change,
  }
}

/** Stands in for the storage of a Durable Object, which copies what it is given. */
function createEntries() {
  const stored = new Map<string, unknown>()
  const written: string[][] = []
  let reads = 0
  const entries: Entries = {
    get: async (name) => {
      reads += 1
      return structuredClone(stored.get(name))
    },
    list: async ({ prefix }) => {
      reads += 1
      return new Map(
        [...stored].filter(([name]) => name.startsWith(prefix)).map((pair) => structuredClone(pair)),
      )
    },
    put: async (pairs) => {
      written.push(Object.keys(pairs))
      for (const [name, value] of Object.entries(pairs)) stored.set(name, structuredClone(value))
    },
    delete: async (names) => {
      for (const name of names) stored.delete(name)
    },
  }
  return { entries, written, reads: () => reads }
}
