/**
 * Under which tenant a client is kept that is known by its own Claude key only. Until Claude has taken the key it may be made up:
 * all of these are one tenant, so that nobody can make objects by making up keys. Remembers that for one isolate.
 */
import type { Ledger } from './ledger/ledger.ts'
import type { Provider } from './providers/provider.ts'
import type { ResponseStore } from './responses/store/response-store.ts'
import { CLIENT_PREFIX } from './tenants.ts'

/** The tenant of clients whose keys Claude has not taken yet. Only the administrator sees what is kept of it. */
const UNPROVEN = `${CLIENT_PREFIX}unproven`
/** More than any machine has clients; the oldest is proven again by its next answer. */
const MOST_KNOWN = 10_000

export type KnownClients = {
  /** Returns the tenant under whose name receipts, limits and sums of a tenant are kept at this moment. */
  readonly keptAs: (tenant: string) => string
  /** Learns that Claude has answered with a tenant's key. */
  readonly taken: (tenant: string) => void
}

/** Returns what an isolate knows of its clients: nothing yet. */
export function createKnownClients(): KnownClients {
  const proven = new Set<string>()
  return {
    keptAs: (tenant) => (tenant.startsWith(CLIENT_PREFIX) && !proven.has(tenant) ? UNPROVEN : tenant),
    taken(tenant) {
      if (!tenant.startsWith(CLIENT_PREFIX) || proven.has(tenant)) return
      const [oldest] = proven
      if (proven.size >= MOST_KNOWN && oldest !== undefined) proven.delete(oldest)
      proven.add(tenant)
    },
  }
}

/** Returns the provider of Claude, which tells whose keys it takes. */
export function learningFrom(claude: Provider, clients: Pick<KnownClients, 'taken'>): Provider {
  return {
    ...claude,
    async open(request, target, context) {
      const answer = await claude.open(request, target, context)
      // What Claude refuses it may refuse because of the key.
      if (answer.status < 300) clients.taken(request.tenant.id)
      return answer
    },
  }
}

/**
 * Returns the store without shelves for made-up keys: the first response of a client is kept once its key is proven, now or by
 * receipts that are kept of it. Reading makes no shelf.
 */
export function keptForKnown(
  store: ResponseStore,
  clients: KnownClients,
  ledger: Pick<Ledger, 'list'> | undefined,
): ResponseStore {
  const isKnown = async (tenant: string) => {
    if (clients.keptAs(tenant) === tenant) return true
    const page = await ledger?.list({ tenant }, {}, { limit: 1 })
    if (page === undefined || page.receipts.length === 0) return false
    clients.taken(tenant)
    return true
  }
  return {
    of(tenant) {
      const shelf = store.of(tenant)
      return {
        ...shelf,
        // What goes on with a kept response has its shelf already.
        keep: async (response) =>
          (response.previous !== undefined || (await isKnown(tenant))) && (await shelf.keep(response)),
      }
    },
  }
}
