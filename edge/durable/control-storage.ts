/**
 * The control state in the storage of a Durable Object: one entry a key and one a tenant with limits, so that a change
 * writes only what it changes. Knows what is stored, not what may be changed.
 */
import * as z from 'zod/mini'
import { tenantLimitsSchema } from '../budgets/limits.ts'
import type { ControlStorage } from '../control/control-record.ts'
import { type ControlState, EMPTY_CONTROL_STATE } from '../control/control-state.ts'
import { runtimeKeySchema } from '../control/runtime-key.ts'
import { STRATEGIES } from '../strategy.ts'

/** The part of a Durable Object's storage that is needed. What is written without waiting in between is written as one. */
export type Entries = {
  readonly get: (name: string) => Promise<unknown>
  readonly list: (options: { readonly prefix: string }) => Promise<ReadonlyMap<string, unknown>>
  readonly put: (entries: Record<string, unknown>) => Promise<void>
  readonly delete: (names: string[]) => Promise<unknown>
}

const STRATEGY = 'strategy'
const VERSION = 'control-version'
const KEY = 'control-key:'
const LIMITS = 'control-limits:'

const strategySchema = z.optional(z.object({ strategy: z.enum(STRATEGIES), configured: z.enum(STRATEGIES) }))
const versionSchema = z._default(z.int(), EMPTY_CONTROL_STATE.version)

/** Returns the storage over the entries of one object. */
export function createControlStorage(entries: Entries): ControlStorage {
  return {
    async load() {
      const [strategy, version, keys, limits] = await Promise.all([
        entries.get(STRATEGY),
        entries.get(VERSION),
        entries.list({ prefix: KEY }),
        entries.list({ prefix: LIMITS }),
      ])
      return {
        strategy: strategySchema.parse(strategy),
        version: versionSchema.parse(version),
        keys: read(keys, KEY, runtimeKeySchema),
        limits: read(limits, LIMITS, tenantLimitsSchema),
      }
    },
    async save(before, after) {
      const { put, gone } = difference(before, after)
      await Promise.all([entries.put(put), ...(gone.length > 0 ? [entries.delete(gone)] : [])])
    },
  }
}

function read<T>(
  stored: ReadonlyMap<string, unknown>,
  prefix: string,
  schema: z.ZodMiniType<T>,
): ReadonlyMap<string, T> {
  return new Map([...stored].map(([name, value]) => [name.slice(prefix.length), schema.parse(value)]))
}

type Difference = { readonly put: Record<string, unknown>; readonly gone: string[] }

function difference(before: ControlState, after: ControlState): Difference {
  const put: [string, unknown][] = [[VERSION, after.version]]
  const gone: string[] = []
  if (after.strategy !== before.strategy) {
    if (after.strategy === undefined) gone.push(STRATEGY)
    else put.push([STRATEGY, after.strategy])
  }
  for (const [prefix, old, now] of [
    [KEY, before.keys, after.keys],
    [LIMITS, before.limits, after.limits],
  ] as const) {
    for (const [name, value] of now) if (old.get(name) !== value) put.push([prefix + name, value])
    for (const name of old.keys()) if (!now.has(name)) gone.push(prefix + name)
  }
  return { put: Object.fromEntries(put), gone }
}
