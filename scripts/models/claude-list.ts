/**
 * `npm run models -- claude`: the models and prices that are built in beside those that Claude lists. Changes nothing; prices
 * stand in no list of Anthropic's that a program could read.
 */
import * as z from 'zod/mini'
import { createPriceList, PRICED_MODELS, PRICES_AS_OF, undatedModel } from '../../edge/ledger/prices.ts'
import { CORE_SETTINGS, claudeConfig, coreProblems } from '../../edge/settings/core-settings.ts'
import { parseSettings } from '../../edge/settings/setting-schemas.ts'
import { RouterError } from '../../shared/errors.ts'
import { type Ask, readAnswer } from '../ask.ts'

/** What is different, each a list of names. */
export type ModelDifferences = {
  /** Listed, and not in the built-in list. */
  readonly added: readonly string[]
  /** In the built-in list, and not listed any more. */
  readonly retired: readonly string[]
  /** Listed, and without a price: neither built in nor in PRICES. */
  readonly unpriced: readonly string[]
  /** Models that the settings name, and that are not listed. */
  readonly missing: readonly string[]
}

const VERSION = '2023-06-01'
const MOST_PAGES = 20
const settingsSchema = z.object(CORE_SETTINGS)
const pageSchema = z.looseObject({
  data: z.array(z.looseObject({ id: z.string() })),
  has_more: z.optional(z.boolean()),
})

/** Returns what is different. Names are compared without their dates. */
export function compareModels(
  listed: readonly string[],
  configured: readonly string[],
  hasPrice: (model: string) => boolean,
): ModelDifferences {
  const names = new Set(listed.map(undatedModel))
  const missing = (models: readonly string[]) => models.filter((model) => !names.has(undatedModel(model)))
  return {
    added: listed.filter((model) => !PRICED_MODELS.includes(undatedModel(model))),
    retired: missing(PRICED_MODELS),
    unpriced: listed.filter((model) => !hasPrice(model)),
    missing: missing([...new Set(configured)]),
  }
}

/**
 * Asks Claude and tells what is different.
 * @returns the exit code: 0, or 3 where something is to be changed
 * @throws {RouterError} `configuration` where a setting is wrong or Claude gives no list
 */
export async function compareWithClaude(
  environment: Readonly<Record<string, string | undefined>>,
  ask: Ask,
  print: (line: string) => void,
): Promise<0 | 3> {
  const { settings, problems } = parseSettings(settingsSchema, environment)
  const all = [...problems, ...coreProblems(settings)]
  if (all.length > 0) throw new RouterError('configuration', all.join('\n'))
  const { baseUrl, apiKey, model, simpleModel } = claudeConfig(settings, 'router')
  if (apiKey === undefined)
    throw new RouterError(
      'configuration',
      'ANTHROPIC_API_KEY is not set: Claude lists its models for a key only.',
    )
  const listed = await listModels(ask, baseUrl, apiKey)
  const prices = createPriceList(settings.PRICES)
  const baseline = settings.SAVINGS_BASELINE
  const configured = [model, simpleModel, ...(baseline === undefined ? [] : [baseline])]
  const differences = compareModels(listed, configured, (name) => prices(name, {}) !== undefined)
  for (const line of describe(differences, listed.length)) print(line)
  return differences.unpriced.length > 0 || differences.missing.length > 0 ? 3 : 0
}

async function listModels(ask: Ask, baseUrl: string, apiKey: string): Promise<readonly string[]> {
  const { host } = new URL(baseUrl)
  const listed: string[] = []
  let after = ''
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await ask(`${baseUrl}/v1/models?limit=1000${after}`, {
      headers: { 'anthropic-version': VERSION, 'x-api-key': apiKey },
    })
    if (answer === undefined) throw new RouterError('configuration', `${host} does not answer.`)
    const found = answer.status === 200 ? readAnswer(answer, pageSchema) : undefined
    // What it says may quote what it was sent.
    if (found === undefined)
      throw new RouterError('configuration', `${host} gives no list of models (it answers ${answer.status}).`)
    listed.push(...found.data.map(({ id }) => id))
    const last = found.data.at(-1)?.id
    if (found.has_more !== true || last === undefined) break
    after = `&after_id=${encodeURIComponent(last)}`
  }
  return listed
}

function* describe(
  { added, retired, unpriced, missing }: ModelDifferences,
  count: number,
): Generator<string> {
  yield `Claude lists ${count} models; ${PRICED_MODELS.length} are built in, with prices of ${PRICES_AS_OF}.`
  const lists = [
    ['New', added, 'not built in'],
    ['Retired', retired, 'built in, and not listed any more'],
    ['Without a price', unpriced, 'answers pass through, what they cost is told as unknown: set PRICES'],
    ['Missing', missing, 'named by CLAUDE_MODEL, CLAUDE_SIMPLE_MODEL or SAVINGS_BASELINE, and not listed'],
  ] as const
  for (const [title, models, meaning] of lists)
    if (models.length > 0) yield `${title} (${meaning}): ${models.map(nameOf).join(', ')}`
  if (added.length + retired.length + unpriced.length + missing.length === 0)
    yield 'Nothing is new or retired.'
}

/** Names come from outside and go to a terminal. */
function nameOf(model: string): string {
  return model.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, 100)
}
