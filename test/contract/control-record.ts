/** What every record of the control state must keep to, whatever it stores it in. */
import { expect, test } from 'vitest'
import type { ControlRecord } from '../../edge/control/control-record.ts'
import { type ControlChange, type ControlState, MOST_RETIRED } from '../../edge/control/control-state.ts'
import type { RuntimeKey } from '../../edge/control/runtime-key.ts'
import { STRATEGIES } from '../../edge/strategy.ts'

/** Returns a key as an endpoint would make it. */
export function runtimeKey(id: string, fields: Partial<RuntimeKey> = {}): RuntimeKey {
  return {
    id,
    tenant: 'alice',
    prefix: 'ulf_01234567',
    digest: digestOf(id),
    retired: [],
    createdAt: 1_000,
    rotatedAt: null,
    expiresAt: null,
    forbid: [],
    ...fields,
  }
}

/** Returns 64 hexadecimal digits, others for other names. */
export function digestOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)
}

/** A record, and a way to look at the same storage anew, as another process with other settings would. */
export type LastingRecord = {
  readonly record: ControlRecord
  readonly reopen: (configured: 'hybrid' | 'claude_only') => Promise<ControlRecord>
}

async function stateAfter(record: ControlRecord, ...changes: ControlChange[]): Promise<ControlState> {
  for (const change of changes) expect(await record.change(change)).toHaveProperty('state')
  const state = await record.read(undefined)
  if (state === undefined) throw new Error('nothing was read')
  return state
}

/**
 * Registers the tests of a record.
 * @param create returns a record in which nothing is set, of a deployment whose strategy is `hybrid`
 */
export function testControlRecord(
  name: string,
  create: () => Promise<{ readonly record: ControlRecord }>,
): void {
  test(`${name} holds nothing before anything was set`, async () => {
    const { record } = await create()
    const state = await stateAfter(record)
    expect(state.strategy).toBeUndefined()
    expect([state.keys.size, state.limits.size]).toEqual([0, 0])
  })

  test(`${name} gives back each strategy that was set last, and none once it is cleared`, async () => {
    const { record } = await create()
    for (const strategy of STRATEGIES) {
      const state = await stateAfter(record, { kind: 'set_strategy', strategy, configured: 'hybrid' })
      expect(state.strategy?.strategy).toBe(strategy)
    }
    expect((await stateAfter(record, { kind: 'clear_strategy' })).strategy).toBeUndefined()
  })

  test(`${name} says nothing where the version is known already`, async () => {
    const { record } = await create()
    const { version } = await stateAfter(record, {
      kind: 'set_limits',
      tenant: '*',
      limits: { timezone: 'UTC' },
    })
    expect(await record.read(version)).toBeUndefined()
    await stateAfter(record, { kind: 'clear_limits', tenant: '*' })
    expect((await record.read(version))?.version).toBeGreaterThan(version)
  })

  test(`${name} keeps keys, rotates, revises and revokes them`, async () => {
    const { record } = await create()
    const key = runtimeKey('key_1', { strategy: 'hybrid', models: ['auto', 'claude-*'], expiresAt: 90_000 })
    expect((await stateAfter(record, { kind: 'create_key', key })).keys.get('key_1')).toEqual(key)
    const rotation = { digest: digestOf('new'), prefix: 'ulf_new', at: 2_000, graceUntil: 5_000 }
    const rotated = await stateAfter(record, { kind: 'rotate_key', id: 'key_1', ...rotation })
    expect(rotated.keys.get('key_1')).toEqual({
      ...key,
      digest: rotation.digest,
      prefix: rotation.prefix,
      rotatedAt: 2_000,
      retired: [{ digest: key.digest, until: 5_000 }],
    })
    const revision = { strategy: null, models: null, forbid: ['force' as const], expiresAt: null }
    const revised = await stateAfter(record, { kind: 'revise_key', id: 'key_1', revision })
    expect(revised.keys.get('key_1')).toMatchObject({ forbid: ['force'], expiresAt: null })
    expect(revised.keys.get('key_1')?.strategy).toBeUndefined()
    expect(revised.keys.get('key_1')?.models).toBeUndefined()
    expect((await stateAfter(record, { kind: 'revoke_key', id: 'key_1' })).keys.size).toBe(0)
  })

  test(`${name} keeps the limits of tenants of any name`, async () => {
    const { record } = await create()
    const names = ['*', 'alice', '__proto__', 'constructor', '..', 'a.b-c_1']
    const limits = (index: number) => ({
      tenant: { usdPerDay: index + 1 },
      users: { 'a/b': { concurrent: 2 } },
    })
    const state = await stateAfter(
      record,
      ...names.map((tenant, index) => ({ kind: 'set_limits', tenant, limits: limits(index) }) as const),
    )
    for (const [index, tenant] of names.entries()) expect(state.limits.get(tenant)).toEqual(limits(index))
    const fewer = await stateAfter(record, { kind: 'clear_limits', tenant: '__proto__' })
    expect([...fewer.limits.keys()].toSorted()).toEqual(
      names.filter((each) => each !== '__proto__').toSorted(),
    )
  })

  test(`${name} sets a key and its tenant's limits at once`, async () => {
    const { record } = await create()
    const limits = { tenant: { requestsPerMinute: 5 } }
    const state = await stateAfter(record, { kind: 'create_key', key: runtimeKey('key_1'), limits })
    expect(state.limits.get('alice')).toEqual(limits)
    const taken = await stateAfter(record, { kind: 'revise_key', id: 'key_1', revision: {}, limits: null })
    expect(taken.limits.size).toBe(0)
  })

  test(`${name} refuses what cannot be done and changes nothing`, async () => {
    const { record } = await create()
    const rotation = { digest: digestOf('x'), prefix: 'ulf_x', at: 0, graceUntil: 10 }
    for (const change of [
      { kind: 'rotate_key', id: 'key_0', ...rotation },
      { kind: 'revise_key', id: 'key_0', revision: {} },
      { kind: 'revoke_key', id: 'key_0' },
    ] satisfies ControlChange[])
      expect(await record.change(change)).toEqual({ problem: 'no_such_key' })
    await record.change({ kind: 'create_key', key: runtimeKey('key_1') })
    for (let count = 0; count < MOST_RETIRED; count++)
      await stateAfter(record, {
        kind: 'rotate_key',
        id: 'key_1',
        ...rotation,
        digest: digestOf(`r${count}`),
      })
    const before = await record.read(undefined)
    expect(await record.change({ kind: 'rotate_key', id: 'key_1', ...rotation })).toEqual({
      problem: 'too_many_rotations',
    })
    expect(await record.read(undefined)).toEqual(before)
    // Those that open nothing any more do not count.
    await stateAfter(record, { kind: 'rotate_key', id: 'key_1', ...rotation, at: 10, graceUntil: 20 })
    expect((await record.read(undefined))?.keys.get('key_1')?.retired).toHaveLength(1)
  })

  test(`${name} takes changes at once one after the other`, async () => {
    const { record } = await create()
    const ids = Array.from({ length: 20 }, (_, index) => `key_${index}`)
    await Promise.all(ids.map((id) => record.change({ kind: 'create_key', key: runtimeKey(id) })))
    const state = await record.read(undefined)
    expect([...(state?.keys.keys() ?? [])].toSorted()).toEqual(ids.toSorted())
    expect(state?.version).toBe(ids.length)
  })
}

/** Registers the test of a record that outlives its process. */
export function testLastingControlRecord(name: string, create: () => Promise<LastingRecord>): void {
  test(`${name} holds what was set when it is opened again, but no strategy of other settings`, async () => {
    const { record, reopen } = await create()
    const key = runtimeKey('key_1')
    const before = await stateAfter(
      record,
      { kind: 'set_strategy', strategy: 'local_fallback', configured: 'hybrid' },
      { kind: 'create_key', key },
      { kind: 'set_limits', tenant: 'bob', limits: { onBudget: 'cheaper' } },
    )
    expect(await (await reopen('hybrid')).read(undefined)).toEqual(before)
    const elsewhere = await (await reopen('claude_only')).read(undefined)
    expect(elsewhere?.strategy).toBeUndefined()
    expect(elsewhere?.keys).toEqual(before.keys)
    // A new setting is the newer word of the same operator, also when the old one returns.
    expect((await (await reopen('hybrid')).read(undefined))?.strategy).toBeUndefined()
  })
}
