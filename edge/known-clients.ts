/**
 * Under which tenant a client is kept that is known by its own Claude key only. Until Claude has taken the key it may be made up:
 * all of these are one tenant, so that nobody can make objects by making up keys. Remembers that for one isolate.
 */
import type { Receipt } from './ledger/receipt.ts'
import { CLIENT_PREFIX } from './tenants.ts'

/** The tenant of clients whose keys Claude has not taken yet. Only the administrator sees what is kept of it. */
const UNPROVEN = `${CLIENT_PREFIX}unproven`
/** More than any machine has clients; the oldest is proven again by its next answer. */
const MOST_KNOWN = 10_000

export type KnownClients = {
  /** Returns the tenant under whose name receipts, limits and sums of a tenant are kept at this moment. */
  readonly keptAs: (tenant: string) => string
  /** Learns from a receipt that Claude has answered with a client's key. */
  readonly learn: (receipt: Pick<Receipt, 'tenantId' | 'route' | 'outcome'>) => void
}

/** Returns what an isolate knows of its clients: nothing yet. */
export function createKnownClients(): KnownClients {
  const proven = new Set<string>()
  return {
    keptAs: (tenant) => (tenant.startsWith(CLIENT_PREFIX) && !proven.has(tenant) ? UNPROVEN : tenant),
    learn({ tenantId, route, outcome }) {
      if (!tenantId.startsWith(CLIENT_PREFIX) || proven.has(tenantId)) return
      // What Claude refuses it may refuse because of the key.
      if (route !== 'claude' || outcome === 'refused' || outcome === 'failed') return
      const [oldest] = proven
      if (proven.size >= MOST_KNOWN && oldest !== undefined) proven.delete(oldest)
      proven.add(tenantId)
    },
  }
}
