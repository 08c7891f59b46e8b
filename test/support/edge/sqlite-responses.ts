/**
 * Kept responses in memory, on Node's own SQLite: one shelf per tenant, as in production. The test fires their alarms.
 */
import {
  createResponseShelf,
  type LivingShelf,
  type ShelfBounds,
} from '../../../edge/responses/store/response-shelf.ts'
import type { ResponseStore } from '../../../edge/responses/store/response-store.ts'
import { openSqliteDatabase } from '../../../llm/sqlite-database.ts'

export type SqliteResponses = ResponseStore & {
  /** When the alarm of a tenant's shelf is due, ms since the epoch; null where none is set. */
  readonly alarmOf: (tenant: string) => number | null
  readonly fireAlarm: (tenant: string) => Promise<void>
  /** How often shelves were emptied. */
  readonly erasures: () => number
}

type Options = {
  readonly now: () => number
  readonly retentionHours?: number
  readonly bounds?: ShelfBounds
}

/** Returns an empty store. */
export function createSqliteResponses({ now, retentionHours = 24, bounds }: Options): SqliteResponses {
  const shelves = new Map<string, Promise<LivingShelf>>()
  const alarms = new Map<string, number>()
  let erasures = 0
  const open = async (tenant: string): Promise<LivingShelf> => {
    const database = await openSqliteDatabase(':memory:')
    return createResponseShelf({
      database,
      async erase() {
        erasures += 1
        alarms.delete(tenant)
        for (const name of ['pieces', 'responses', 'conversations', 'migrations'])
          database.exec(`DROP TABLE ${name}`)
      },
      readAlarm: async () => alarms.get(tenant) ?? null,
      setAlarm: async (at) => void alarms.set(tenant, at),
      retentionHours,
      now,
      ...(bounds === undefined ? {} : { bounds }),
    })
  }
  const shelfOf = (tenant: string) => {
    const known = shelves.get(tenant) ?? open(tenant)
    shelves.set(tenant, known)
    return known
  }
  return {
    of: (tenant) => ({
      keep: async (response) => await (await shelfOf(tenant)).keep(response),
      chain: async (id, maxBytes) => await (await shelfOf(tenant)).chain(id, maxBytes),
      gather: async (ids, maxBytes) => await (await shelfOf(tenant)).gather(ids, maxBytes),
      find: async (id) => await (await shelfOf(tenant)).find(id),
      remove: async (id) => await (await shelfOf(tenant)).remove(id),
    }),
    alarmOf: (tenant) => alarms.get(tenant) ?? null,
    async fireAlarm(tenant) {
      alarms.delete(tenant)
      await (await shelfOf(tenant)).alarm()
    },
    erasures: () => erasures,
  }
}
