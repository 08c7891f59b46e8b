/**
 * The account beside a model of it that fits on a page: whatever happens in whatever order, sums are those of what was
 * settled and no hard limit is passed by what was promised.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAccount } from '../../../edge/budgets/account.ts'
import { BUDGET_MIGRATIONS } from '../../../edge/budgets/account-rows.ts'
import { migrate } from '../../../edge/storage/migrations.ts'
import { openSqliteDatabase } from '../../../llm/sqlite-database.ts'
import { limitsOf } from '../../contract/budget-accounts.ts'

const HARD = 1_000
const LIMITS = limitsOf({ usdPerMonth: HARD / 1e9, concurrent: 4 })
const LEASE_MS = 10_000

type Step =
  | { readonly kind: 'reserve'; readonly bound: number }
  | { readonly kind: 'settle'; readonly which: number; readonly share: number }
  | { readonly kind: 'wait'; readonly milliseconds: number }

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('reserve' as const), bound: fc.integer({ min: 1, max: 400 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      which: fc.nat(20),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.nat(15_000) }) },
)

type Kept = { readonly bound: number; readonly expiresAt: number; used: number | undefined }

test('never promises more than the limit, and counts exactly what was settled or never told of', async () => {
  const database = await openSqliteDatabase(':memory:')
  migrate(database, BUDGET_MIGRATIONS)
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (sequence) => {
      database.exec('DELETE FROM budget_use')
      database.exec('DELETE FROM budget_lease')
      let now = Date.UTC(2026, 10, 10)
      const account = createAccount(database, () => now)
      const kept: Kept[] = []
      const isOver = ({ expiresAt }: Kept) => expiresAt <= now
      const counted = () =>
        kept.reduce((sum, each) => sum + (each.used ?? (isOver(each) ? each.bound : 0)), 0)
      const reserved = () =>
        kept.reduce((sum, each) => sum + (each.used === undefined && !isOver(each) ? each.bound : 0), 0)
      const running = () => kept.filter((each) => each.used === undefined && !isOver(each)).length
      for (const step of sequence) {
        if (step.kind === 'wait') now += step.milliseconds
        else if (step.kind === 'reserve') {
          const fits = counted() + reserved() + step.bound <= HARD
          const expected = running() < 4 && fits ? 'admitted' : 'refused'
          const { admission } = account.reserve({
            id: `req_${kept.length}`,
            user: undefined,
            limits: LIMITS,
            planned: { tokens: 0, nanoUsd: step.bound },
            bent: null,
            leaseMs: LEASE_MS,
          })
          expect(admission).toBe(expected)
          if (admission === 'admitted')
            kept.push({ bound: step.bound, expiresAt: now + LEASE_MS, used: undefined })
        } else {
          const id = `req_${step.which}`
          const which = kept[step.which]
          const used = Math.floor((which?.bound ?? 1) * step.share)
          const { settled } = account.settle({ id, limits: LIMITS, used: { tokens: 0, nanoUsd: used } })
          expect(settled).toBe(which !== undefined && which.used === undefined)
          if (which !== undefined) which.used ??= used
        }
        expect(counted() + reserved()).toBeLessThanOrEqual(HARD)
      }
      now += LEASE_MS
      account.reserve({
        id: 'req_last',
        user: undefined,
        limits: LIMITS,
        planned: { tokens: 0, nanoUsd: 0 },
        bent: null,
        leaseMs: 0,
      })
      const [use] = account
        .use({ limits: LIMITS, user: undefined })
        .filter(({ limit }) => limit === 'usdPerMonth')
      expect(use).toMatchObject({ used: counted(), reserved: 0 })
    }),
    { numRuns: 300 },
  )
})
