/** Any sequence of changes equals a simple model: a list of secrets, each with the time until which it opens. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryControlRecord } from '../../../edge/control/control-record.ts'
import { MOST_RETIRED } from '../../../edge/control/control-state.ts'
import { createControlStore } from '../../../edge/control/control-store.ts'
import { createKeyRing } from '../../../edge/control/key-ring.ts'
import { createKeySecret, SECRET_BYTES } from '../../../edge/control/key-secret.ts'
import { createFindLimits } from '../../../edge/control/limits-of.ts'
import { sha256Hex } from '../../../shared/digest.ts'
import { runtimeKey } from '../../contract/control-record.ts'

const TENANTS = ['alice', 'bob', '__proto__', '*']
const which = fc.nat(5)
const expiry = fc.option(fc.integer({ min: 0, max: 100 }))
const operation = fc.oneof(
  fc.record({ kind: fc.constant('create'), tenant: fc.constantFrom('alice', 'bob'), expiry }),
  fc.record({ kind: fc.constant('rotate'), which, grace: fc.integer({ min: 0, max: 40 }) }),
  fc.record({ kind: fc.constant('expire'), which, expiry }),
  fc.record({ kind: fc.constant('revoke'), which }),
  fc.record({ kind: fc.constant('wait'), by: fc.integer({ min: 0, max: 30 }) }),
  fc.record({
    kind: fc.constant('limit'),
    tenant: fc.constantFrom(...TENANTS),
    most: fc.option(fc.integer({ min: 1, max: 9 })),
  }),
)

type ModelKey = {
  readonly tenant: string
  expiresAt: number
  readonly secrets: { readonly secret: string; until: number }[]
}

test('keys and limits equal their model after any operations', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
      let at = 0
      let secrets = 0
      const nextSecret = () => createKeySecret(new Uint8Array(SECRET_BYTES).fill(++secrets)).secret
      const control = createControlStore(
        createMemoryControlRecord('hybrid'),
        'hybrid',
        () => at,
        () => {},
      )
      await control.load(() => {})
      const keys = new Map<string, ModelKey>()
      const limits = new Map<string, number>()
      const everMade: { readonly secret: string; readonly id: string }[] = []
      const pick = (index: number) => [...keys.keys()][index % Math.max(1, keys.size)] ?? 'key_none'
      for (const next of operations) {
        if ('by' in next) at += next.by
        else if ('most' in next) {
          const { tenant, most } = next
          if (most === null) {
            limits.delete(tenant)
            await control.change({ kind: 'clear_limits', tenant })
          } else {
            limits.set(tenant, most)
            await control.change({ kind: 'set_limits', tenant, limits: { tenant: { concurrent: most } } })
          }
        } else if ('tenant' in next) {
          const id = `key_${everMade.length}`
          const secret = nextSecret()
          everMade.push({ secret, id })
          const expiresAt = next.expiry ?? Number.POSITIVE_INFINITY
          keys.set(id, {
            tenant: next.tenant,
            expiresAt,
            secrets: [{ secret, until: Number.POSITIVE_INFINITY }],
          })
          const fields = { tenant: next.tenant, digest: await sha256Hex(secret), expiresAt: next.expiry }
          await control.change({ kind: 'create_key', key: runtimeKey(id, fields) })
        } else {
          const id = pick(next.which)
          const key = keys.get(id)
          if ('grace' in next) {
            const secret = nextSecret()
            const graceUntil = at + next.grace
            const change = {
              kind: 'rotate_key',
              id,
              digest: await sha256Hex(secret),
              prefix: '',
              at,
              graceUntil,
            } as const
            const result = await control.change(change)
            const last = key?.secrets.at(-1)
            const opening = key?.secrets.slice(0, -1).filter(({ until }) => until > at).length ?? 0
            const fits = opening + (next.grace > 0 ? 1 : 0) <= MOST_RETIRED
            expect('state' in result).toBe(key !== undefined && fits)
            if (key === undefined || last === undefined || !fits) continue
            last.until = graceUntil
            key.secrets.push({ secret, until: Number.POSITIVE_INFINITY })
            everMade.push({ secret, id })
          } else if ('expiry' in next) {
            await control.change({ kind: 'revise_key', id, revision: { expiresAt: next.expiry } })
            if (key !== undefined) key.expiresAt = next.expiry ?? Number.POSITIVE_INFINITY
          } else {
            await control.change({ kind: 'revoke_key', id })
            keys.delete(id)
          }
        }
      }
      const ring = createKeyRing(control.known)
      for (const { secret, id } of everMade) {
        const key = keys.get(id)
        const until = key?.secrets.find((each) => each.secret === secret)?.until ?? Number.NEGATIVE_INFINITY
        const opens = key !== undefined && at < Math.min(until, key.expiresAt)
        const found = await ring.find(secret, at)
        expect(found === 'unknown' ? found : found?.id).toBe(opens ? key.tenant : undefined)
      }
      const find = createFindLimits(control.known, new Map([['bob', { tenant: { concurrent: 99 } }]]))
      for (const tenant of ['alice', 'bob', '__proto__', 'carol', 'admin']) {
        const own = limits.get(tenant) ?? (tenant === 'bob' ? 99 : undefined)
        const expected = own ?? (tenant === 'admin' ? undefined : limits.get('*'))
        expect(find(tenant)?.limits.tenant?.concurrent).toBe(expected)
      }
    }),
    { numRuns: 200 },
  )
})
