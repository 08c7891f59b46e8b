/**
 * Claude's list prices, what an operator says in their place, and what an answer costs by them. An unknown model has no
 * price: its cost is unknown, not 0. Source: Anthropic's price list as of `PRICES_AS_OF`; web search and regional factors
 * are not in it.
 */
import type { Usage } from '../../shared/messages.ts'
import { toNanoUsd, toUsd } from '../../shared/money.ts'

/** The day on which the built-in list was written down. */
export const PRICES_AS_OF = '2026-11-24'

/** USD per million tokens. */
export type Price = {
  readonly input: number
  readonly output: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  readonly cacheRead: number
}

/** Holds for prompts of up to so many tokens, cache reads and writes included. */
export type PriceTier = { readonly uptoInputTokens: number; readonly price: Price }

const flat = (price: Price): readonly PriceTier[] => [{ uptoInputTokens: Number.POSITIVE_INFINITY, price }]
const price = (
  input: number,
  output: number,
  cacheWrite5m: number,
  cacheWrite1h: number,
  cacheRead: number,
): Price => ({ input, output, cacheWrite5m, cacheWrite1h, cacheRead })

const OPUS_BEFORE_5_5 = flat(price(5, 25, 6.25, 10, 0.5))
const SONNET_4 = flat(price(3, 15, 3.75, 6, 0.3))

/** By model id without its date. The tier is chosen by the whole prompt, cache reads and writes included. */
const BUILT_IN: Readonly<Record<string, readonly PriceTier[]>> = {
  'claude-fable-5-2': flat(price(8, 40, 10, 16, 0.2)),
  'claude-fable-5-1': flat(price(10, 50, 12.5, 20, 0.25)),
  'claude-opus-5-5': flat(price(4, 20, 5, 8, 0.2)),
  'claude-opus-5': OPUS_BEFORE_5_5,
  'claude-opus-4-8': OPUS_BEFORE_5_5,
  'claude-opus-4-7': OPUS_BEFORE_5_5,
  'claude-opus-4-6': OPUS_BEFORE_5_5,
  'claude-opus-4-5': OPUS_BEFORE_5_5,
  'claude-sonnet-5-5': flat(price(2, 10, 2.5, 4, 0.1)),
  'claude-sonnet-5': flat(price(2, 10, 2.5, 4, 0.2)),
  'claude-sonnet-4-6': SONNET_4,
  'claude-sonnet-4-5': SONNET_4,
  'claude-haiku-5-5': [
    { uptoInputTokens: 100_000, price: price(0.1, 0.5, 0.125, 0.2, 0.01) },
    { uptoInputTokens: Number.POSITIVE_INFINITY, price: price(0.5, 2.5, 0.625, 1, 0.05) },
  ],
  'claude-haiku-4-5': flat(price(1, 5, 1.25, 2, 0.1)),
}

/** The models that the built-in list knows, without their dates. */
export const PRICED_MODELS: readonly string[] = Object.keys(BUILT_IN)

/** Anthropic's list gives every model in a batch for half of what it costs by itself, whatever its tokens are. */
const BATCH_SHARE = 0.5

/** Returns what tiers cost in a batch by Anthropic's rule. */
export function inBatches(standard: readonly PriceTier[]): readonly PriceTier[] {
  return standard.map(
    ({ uptoInputTokens, price: { input, output, cacheWrite5m, cacheWrite1h, cacheRead } }) => ({
      uptoInputTokens,
      price: price(
        input * BATCH_SHARE,
        output * BATCH_SHARE,
        cacheWrite5m * BATCH_SHARE,
        cacheWrite1h * BATCH_SHARE,
        cacheRead * BATCH_SHARE,
      ),
    }),
  )
}

/** What makes an answer dearer or cheaper than the list says; the names are those that usage tells. */
export const SERVICE_TIERS = ['standard', 'batch', 'priority', 'fast'] as const
export type ServiceTier = (typeof SERVICE_TIERS)[number]

/** What one model costs; a service tier that is missing has no known price. Tiers in the order of their bounds. */
export type ModelPrices = { readonly standard: readonly PriceTier[] } & Partial<
  Readonly<Record<ServiceTier, readonly PriceTier[]>>
>

/**
 * Returns what the tokens of a model cost, in whole nano-dollars, or undefined where the price of the model or of the
 * service tier is not known.
 */
export type PriceList = (model: string, usage: Usage) => number | undefined

/** Returns the built-in list with other or further models by name. */
export function createPriceList(overrides: ReadonlyMap<string, ModelPrices> = new Map()): PriceList {
  // Clients name models, "constructor" among them: a map finds only what was put into it.
  const known = new Map<string, ModelPrices>(
    Object.entries(BUILT_IN).map(([name, standard]) => [name, { standard, batch: inBatches(standard) }]),
  )
  for (const [name, prices] of overrides) known.set(name, prices)
  return (model, usage) => {
    const prices = known.get(model) ?? known.get(undatedModel(model))
    const tierName = serviceTier(usage)
    const tiers = tierName === 'unknown' ? undefined : prices?.[tierName]
    return tiers === undefined ? undefined : priceTokens(tiers, usage)
  }
}

/** Returns a model's id without its date: one price holds for all of its dates. */
export function undatedModel(model: string): string {
  return model.replace(/-\d{8}$/, '')
}

/** The built-in list. */
export const LIST_PRICES = createPriceList()

/** Returns what the tokens cost in USD, or undefined for a model or a service tier whose price is not known. */
export function costUsd(model: string, usage: Usage, prices: PriceList = LIST_PRICES): number | undefined {
  return toUsd(prices(model, usage))
}

/** `unknown` has a price nowhere. */
function serviceTier({ speed, service_tier: tier }: Usage): ServiceTier | 'unknown' {
  if (speed === 'fast') return 'fast'
  if (tier === undefined || tier === null) return 'standard'
  return SERVICE_TIERS.find((known) => known === tier) ?? 'unknown'
}

function priceTokens(tiers: readonly PriceTier[], usage: Usage): number | undefined {
  const input = usage.input_tokens ?? 0
  const output = usage.output_tokens ?? 0
  const read = usage.cache_read_input_tokens ?? 0
  const written = usage.cache_creation_input_tokens ?? 0
  const writtenFor1h = Math.min(written, oneHourWrites(usage.cache_creation))
  const tier = tiers.find((candidate) => input + read + written <= candidate.uptoInputTokens)
  if (tier === undefined) return undefined
  const { price: rate } = tier
  const perMillion =
    input * rate.input +
    output * rate.output +
    read * rate.cacheRead +
    (written - writtenFor1h) * rate.cacheWrite5m +
    writtenFor1h * rate.cacheWrite1h
  const cost = toNanoUsd(perMillion / 1_000_000)
  // Counts come from outside: what no sum could hold is no cost.
  return Number.isSafeInteger(cost) && cost >= 0 ? cost : undefined
}

function oneHourWrites(creation: unknown): number {
  if (typeof creation !== 'object' || creation === null || !('ephemeral_1h_input_tokens' in creation))
    return 0
  return typeof creation.ephemeral_1h_input_tokens === 'number' ? creation.ephemeral_1h_input_tokens : 0
}
