/**
 * Where responses are kept for `previous_response_id`, references to items and GET. Implemented by a shelf a tenant
 * (response-shelf.ts) in a Durable Object, and on Node's SQLite in tests. Knows no item.
 */

/** One response to be kept: what the conversation goes on from, and what is shown of it besides. Both are JSON. */
export type KeptResponse = {
  readonly id: string
  /** The response that it goes on from. */
  readonly previous: string | undefined
  /** The items that came with the request, and those of the answer. */
  readonly items: string
  /** The response object without its items. */
  readonly frame: string
}

export type Chain =
  /** The `items` of the whole conversation up to a response, oldest first. */
  | { readonly kind: 'found'; readonly items: readonly string[] }
  /** The response or one before it is not there (any more). */
  | { readonly kind: 'missing' }
  | { readonly kind: 'too_large' }

/** The responses of one tenant. What has expired is not found, whether it has been deleted yet or not. */
export type ResponseShelf = {
  /** Keeps a response, and its whole conversation as long as itself. @returns false for one that is too large */
  readonly keep: (response: KeptResponse) => Promise<boolean>
  /** @param maxBytes the most that the items may hold together, in UTF-8 */
  readonly chain: (id: string, maxBytes: number) => Promise<Chain>
  /** Returns those of the responses that are there. */
  readonly find: (ids: readonly string[]) => Promise<readonly Omit<KeptResponse, 'previous'>[]>
  /** @returns whether it was there */
  readonly remove: (id: string) => Promise<boolean>
}

/** The responses of all tenants: nobody reaches another's. @throws where the place cannot be reached */
export type ResponseStore = { readonly of: (tenant: string) => ResponseShelf }
