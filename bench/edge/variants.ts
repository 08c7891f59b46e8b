/** What is measured beside each other: which Worker each is bundled from. Measures nothing. */

export type VariantName = 'floor' | 'without ledger' | 'without objects' | 'as shipped'

export type Variant = {
  readonly name: VariantName
  readonly what: string
  /** Its source, relative to the root; undefined: what wrangler.toml names. */
  readonly script: string | undefined
  /** The file of its wrangler settings. */
  readonly config: string
  /** Whether it says by headers how it answered. */
  readonly isRouter: boolean
}

const WORKERS = 'bench/edge/workers'

export const VARIANTS: readonly Variant[] = [
  {
    name: 'floor',
    what: 'the smallest Hono pass-through',
    script: `${WORKERS}/floor.ts`,
    config: `${WORKERS}/floor.toml`,
    isRouter: false,
  },
  {
    name: 'without ledger',
    what: 'the router, receipts kept nowhere',
    script: `${WORKERS}/without-ledger.ts`,
    config: 'wrangler.toml',
    isRouter: true,
  },
  {
    name: 'without objects',
    what: 'the router, receipts put together and thrown away before a Durable Object is called',
    script: `${WORKERS}/without-objects.ts`,
    config: 'wrangler.toml',
    isRouter: true,
  },
  {
    name: 'as shipped',
    what: 'the router, receipts kept by Durable Objects on SQLite in a file, in the same process',
    script: undefined,
    config: 'wrangler.toml',
    isRouter: true,
  },
]
