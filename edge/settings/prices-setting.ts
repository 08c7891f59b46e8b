/**
 * Reads `PRICES`: a JSON object of models and what they cost, each checked by itself, so that every message names model
 * and field. What an answer costs by them is found in `ledger/prices.ts`.
 */
import * as z from 'zod/mini'
import { inBatches, type ModelPrices, type Price, type PriceTier, SERVICE_TIERS } from '../ledger/prices.ts'
import { text } from './setting-schemas.ts'

const MOST_MODELS = 200
const LONGEST_NAME = 256
const HIGHEST_USD = 100_000
const SHAPE =
  'must be a JSON object of models and their prices in USD per million tokens, such as {"claude-sonnet-5-5": {"input": 2, "output": 10}}'

/** What Anthropic's list makes of the price of input tokens, unless a price says otherwise. */
const CACHE_WRITE_5M = 1.25
const CACHE_WRITE_1H = 2
const CACHE_READ = 0.1

const error = `must be a number of USD per million tokens, from 0 to ${HIGHEST_USD}`
const usd = z.number({ error }).check(z.minimum(0, { error }), z.maximum(HIGHEST_USD, { error }))
const rates = {
  input: usd,
  output: usd,
  cacheWrite5m: z.optional(usd),
  cacheWrite1h: z.optional(usd),
  cacheRead: z.optional(usd),
}
const boundError = 'must be a whole number of tokens, more than 0'
const bound = z.int({ error: boundError }).check(z.positive({ error: boundError }))
const tier = {
  ...rates,
  /** What longer prompts cost: the whole prompt, not what is above the bound. */
  long: z.optional(
    z.strictObject({ aboveInputTokens: bound, ...rates }, { error: 'must be an object of prices' }),
  ),
}
const serviceTier = z.optional(z.strictObject(tier, { error: 'must be an object of prices' }))
const modelSchema = z.strictObject(
  { ...tier, batch: serviceTier, priority: serviceTier, fast: serviceTier },
  { error: 'must be an object of prices' },
)
type Rates = Pick<z.infer<typeof modelSchema>, keyof typeof rates>
type Tier = Pick<z.infer<typeof modelSchema>, keyof typeof tier>

/** Prices by model, or none. */
export const priceOverrides = z.pipe(
  text,
  z.transform((value, context): ReadonlyMap<string, ModelPrices> => {
    const { prices, problems } = readPrices(value ?? '{}')
    for (const message of problems) context.issues.push({ code: 'custom', message, input: value })
    return problems.length > 0 ? z.NEVER : prices
  }),
)

type ReadPrices = {
  readonly prices: ReadonlyMap<string, ModelPrices>
  readonly problems: readonly string[]
}

function readPrices(source: string): ReadPrices {
  const wrong = (...problems: string[]): ReadPrices => ({ prices: new Map(), problems })
  let value: unknown
  try {
    value = JSON.parse(source)
  } catch {
    return wrong(SHAPE)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(SHAPE)
  const entries = Object.entries(value)
  if (entries.length > MOST_MODELS) return wrong(`holds more than ${MOST_MODELS} models`)
  const prices = new Map<string, ModelPrices>()
  const problems: string[] = []
  for (const [model, given] of entries) {
    const named = JSON.stringify(model.slice(0, 60))
    if (model === '' || model.length > LONGEST_NAME)
      problems.push(`${named}: a model has a name of 1 to ${LONGEST_NAME} characters`)
    const parsed = modelSchema.safeParse(given)
    if (parsed.success) prices.set(model, toModelPrices(parsed.data))
    else problems.push(...parsed.error.issues.map((issue) => `${named}: ${describeIssue(issue)}`))
  }
  return problems.length > 0 ? wrong(...problems) : { prices, problems }
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.')
  if (issue.code !== 'unrecognized_keys')
    return path === '' ? `it ${issue.message}` : `${path} ${issue.message}`
  const unknown = issue.keys.map((key) => JSON.stringify(key.slice(0, 40))).join(', ')
  const known = Object.keys(path === '' ? modelSchema.shape : tier).join(', ')
  return `${path === '' ? 'it' : path} has no ${unknown}; possible are ${known}`
}

function toModelPrices(given: z.infer<typeof modelSchema>): ModelPrices {
  const named = { standard: given, batch: given.batch, priority: given.priority, fast: given.fast }
  const tiers = SERVICE_TIERS.flatMap((name) => {
    const found = named[name]
    return found === undefined ? [] : [[name, toTiers(found)] as const]
  })
  const standard = toTiers(given)
  return { standard, batch: inBatches(standard), ...Object.fromEntries(tiers) }
}

function toTiers({ long, ...short }: Tier): readonly PriceTier[] {
  const last = Number.POSITIVE_INFINITY
  if (long === undefined) return [{ uptoInputTokens: last, price: toPrice(short) }]
  return [
    { uptoInputTokens: long.aboveInputTokens, price: toPrice(short) },
    { uptoInputTokens: last, price: toPrice(long) },
  ]
}

function toPrice({ input, output, cacheWrite5m, cacheWrite1h, cacheRead }: Rates): Price {
  return {
    input,
    output,
    cacheWrite5m: cacheWrite5m ?? input * CACHE_WRITE_5M,
    cacheWrite1h: cacheWrite1h ?? input * CACHE_WRITE_1H,
    cacheRead: cacheRead ?? input * CACHE_READ,
  }
}
