/**
 * Whether costs and savings are told by prices that still hold: how old the built-in list is, and whether it knows the
 * models that are asked. Asks nobody.
 */
import type { Config } from '../../edge/config.ts'
import { createPriceList, PRICES_AS_OF } from '../../edge/ledger/prices.ts'
import { type Finding, ok, warning } from './finding.ts'

const NAME = 'prices'
const DAY_MS = 86_400_000
const OLD_AFTER_DAYS = 90

/** Returns what is to be said about prices. @param now milliseconds since the epoch */
export function checkPrices(config: Config, now: number): Finding {
  const prices = createPriceList(config.prices)
  const { model, simpleModel } = config.claude
  const asked = new Set([model, simpleModel, config.savingsBaseline ?? model])
  const unknown = [...asked].filter((each) => prices(each, {}) === undefined)
  if (unknown.length > 0)
    return warning(
      NAME,
      `no price is known for ${unknown.join(', ')}: what it costs and saves is told as unknown`,
      'Set PRICES, or correct the name of the model.',
    )
  const days = Math.floor((now - Date.parse(PRICES_AS_OF)) / DAY_MS)
  const detail = `the built-in list is of ${PRICES_AS_OF}`
  if (days <= OLD_AFTER_DAYS) return ok(NAME, detail)
  return warning(
    NAME,
    `${detail}, ${days} days ago`,
    'Compare it with Anthropic’s prices: update the router, or set PRICES.',
  )
}
