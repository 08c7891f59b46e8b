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
  /** Its items must never get to Claude. */
  readonly privacyLocal: boolean
}

/** What is shown of a response. */
export type ShownResponse = Pick<KeptResponse, 'id' | 'items' | 'frame'>

export type Gathered =
  | {
      readonly kind: 'found'
      /** The `items` of each response. */
      readonly items: readonly string[]
      /** What they hold together, in UTF-8. */
      readonly bytes: number
      /** Whether one of the responses is `privacyLocal`. */
      readonly privacyLocal: boolean
    }
  | { readonly kind: 'too_large' }

/** The whole conversation up to a response, oldest first; `missing` where it or one before it is not there (any more). */
export type Chain = Gathered | { readonly kind: 'missing' }

/** The responses of one tenant. What has expired is not found, whether it has been deleted yet or not. */
export type ResponseShelf = {
  /** Keeps a response, and its whole conversation as long as itself. @returns false where it is too large */
  readonly keep: (response: KeptResponse) => Promise<boolean>
  /** @param maxBytes the most that the items may hold together, in UTF-8 */
  readonly chain: (id: string, maxBytes: number) => Promise<Chain>
  /**
   * Returns those of the responses that are there, in any order.
   * @param maxBytes the most that the items may hold together, in UTF-8
   */
  readonly gather: (ids: readonly string[], maxBytes: number) => Promise<Gathered>
  readonly find: (id: string) => Promise<ShownResponse | undefined>
  /** @returns whether it was there */
  readonly remove: (id: string) => Promise<boolean>
}

/** The responses of all tenants: nobody reaches another's. @throws where the place cannot be reached */
export type ResponseStore = { readonly of: (tenant: string) => ResponseShelf }
