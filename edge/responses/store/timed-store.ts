/**
 * A store of responses that does not let anybody wait: what hangs is given up, what fails is told in words of the
 * router's. Does not decide what that costs the request.
 */
import { RouterError } from '../../../shared/errors.ts'
import { settledWithin } from '../../fallback/deadline.ts'
import type { ResponseStore } from './response-store.ts'

/** An answer's last event waits for this. What is written later may be there all the same, until it expires. */
const LONGEST_KEEP_MS = 1_000
/** Longer: a large conversation that is given up is not faster when the client tries again. */
const LONGEST_WAIT_MS = 3_000
const RETRY_AFTER_MS = 2_000

/** Returns the store, whose shelves throw a {@link RouterError} `unavailable` for what fails or takes too long. */
export function createTimedStore(store: ResponseStore): ResponseStore {
  return {
    of(tenant) {
      const shelf = store.of(tenant)
      return {
        keep: (response) => within(LONGEST_KEEP_MS, () => shelf.keep(response)),
        chain: (id, maxBytes) => within(LONGEST_WAIT_MS, () => shelf.chain(id, maxBytes)),
        gather: (ids, maxBytes) => within(LONGEST_WAIT_MS, () => shelf.gather(ids, maxBytes)),
        find: (id) => within(LONGEST_WAIT_MS, () => shelf.find(id)),
        remove: (id) => within(LONGEST_WAIT_MS, () => shelf.remove(id)),
      }
    },
  }
}

async function within<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  try {
    // In an object, because what is found may be undefined as well.
    const settled = await settledWithin(
      work().then((value) => ({ value })),
      milliseconds,
    )
    if (settled !== undefined) return settled.value
  } catch (cause) {
    throw unreachable(cause)
  }
  throw unreachable(new Error('timeout'))
}

function unreachable(cause: unknown): RouterError {
  return new RouterError('unavailable', 'Kept responses cannot be reached at the moment. Try again.', {
    cause,
    retryAfterMs: RETRY_AFTER_MS,
  })
}
