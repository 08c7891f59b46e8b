/**
 * Puts together what limits what may be spent: the tenants' limits, and what may be paid for where the local model is slow or
 * gone. Knows no platform.
 */
import type { Accounts } from './budgets/accounts.ts'
import { createBudgetGate } from './budgets/budget-gate.ts'
import { createForeseeBudget } from './budgets/foreseen-budget.ts'
import { createOpenedAccounts } from './budgets/opened-accounts.ts'
import type { AmountOptions } from './budgets/planned-amounts.ts'
import { createTellSoftLimits } from './budgets/tell-soft-limits.ts'
import { createUsageOf } from './budgets/usage-of.ts'
import type { CoreEffects } from './compose.ts'
import type { LocalEffects } from './compose-local.ts'
import type { Config } from './config.ts'
import type { FindLimits } from './control/limits-of.ts'
import { createDegradation, type Degradation } from './fallback/degradation.ts'
import type { KnownClients } from './known-clients.ts'
import type { PriceList } from './ledger/prices.ts'

/** The settings of limits; those that are absent limit nothing. */
export type LimitsConfig = Pick<Config, 'claude' | 'local'> &
  Partial<Pick<Config, 'onBudget' | 'hedge' | 'fallbackBudget'>>

/** Beyond the longest answer: what is on its way then is written and sent. */
const LEASE_MARGIN_MS = 60_000

/** Returns the accounts, which count what was spent before them where anybody knows of it. */
export function composeAccounts({
  accounts,
  ledger,
  log,
  now,
}: Pick<CoreEffects, 'accounts' | 'ledger' | 'log' | 'now'>): Accounts | undefined {
  if (accounts === undefined || ledger === undefined) return accounts
  return createOpenedAccounts({ accounts, ledger, log, now })
}

/** Returns the gate of the tenants' limits, what foresees what it would say, and what shows the use of limits. */
export function composeBudgets(
  { claude, local, onBudget = 'refuse' }: LimitsConfig,
  { tellWebhook, log, now }: Pick<LocalEffects, 'tellWebhook' | 'log' | 'now'>,
  accounts: Accounts,
  {
    findLimits,
    clients,
    ...amounts
  }: Pick<AmountOptions, 'prices' | 'marksPrompts'> & {
    readonly findLimits: FindLimits
    readonly clients: Pick<KnownClients, 'keptAs'>
  },
) {
  const accountOf = clients.keptAs
  const limitsOf = (tenant: string) => findLimits(tenant)?.limits
  const read: Pick<Accounts, 'use'> = {
    use: async (tenant, question) => accounts.use(accountOf(tenant), question),
  }
  const options = {
    limitsOf,
    onBudget,
    ...amounts,
    cheapModel: claude.simpleModel,
    now,
  }
  const leaseMs = claude.deadlines.totalMs + (local?.deadlines.totalMs ?? 0) + LEASE_MARGIN_MS
  return {
    gate: createBudgetGate({
      ...options,
      accounts,
      accountOf,
      leaseMs,
      tellSoftLimits: createTellSoftLimits(tellWebhook, log),
      log,
    }),
    foresee: createForeseeBudget({ ...options, accounts: read }),
    usageOf: createUsageOf(read, limitsOf),
  }
}

/** Of the time that the local model has until its first word. */
const HEDGED_AFTER = 0.5

/** Returns what is allowed where the local model is slow or gone, or undefined where nothing is said of it. */
export function composeDegradation(
  { claude, local, hedge, fallbackBudget }: LimitsConfig,
  prices: PriceList,
  now: () => number,
): Degradation | undefined {
  if (local === undefined || (hedge === undefined && fallbackBudget === undefined)) return undefined
  const delayMs = hedge?.delayMs ?? local.deadlines.firstContentMs * HEDGED_AFTER
  return createDegradation({ hedge: hedge && { ...hedge, delayMs }, fallbackBudget, prices, claude, now })
}
