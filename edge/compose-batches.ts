/** Puts Claude's batches together: whose they are, what limits they have, what is written down of them. */
import { createBatchAdmission } from './batches/batch-admission.ts'
import { type Batches, createBatches } from './batches/batches.ts'
import { createTellSoftLimits } from './budgets/tell-soft-limits.ts'
import type { CoreEffects, Effects } from './compose.ts'
import type { Config } from './config.ts'
import type { FindLimits } from './control/limits-of.ts'
import type { KnownClients } from './known-clients.ts'
import { createPriceList } from './ledger/prices.ts'
import { createClaudeBatches } from './providers/claude/batches.ts'

/** Returns the batches of all tenants. */
export function composeBatches(
  { claude, prices: overrides }: Config,
  {
    batchBook: book,
    fetch,
    tellWebhook,
    ...effects
  }: Pick<Effects, 'batchBook' | 'fetch' | 'accounts' | 'ledger' | 'log' | 'now'> &
    Pick<CoreEffects, 'tellWebhook'>,
  { findLimits, clients }: { readonly findLimits: FindLimits; readonly clients: KnownClients },
): Batches {
  const { accounts, ledger, log, now } = effects
  const prices = createPriceList(overrides)
  return createBatches({
    book,
    claude: createClaudeBatches(claude, fetch),
    admit: createBatchAdmission({
      accounts,
      accountOf: clients.keptAs,
      limitsOf: (tenant) => findLimits(tenant)?.limits,
      prices,
      tellSoftLimits: createTellSoftLimits(tellWebhook, log),
      log,
      now,
    }),
    taken: clients.taken,
    ledger,
    prices,
    log,
    now,
  })
}
