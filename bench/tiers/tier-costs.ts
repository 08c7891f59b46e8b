/**
 * What requests cost against how many complex ones a threshold keeps from a lesser model: with the local and the strong
 * Claude model, with the cheap and the strong one, and with all three. Pure arithmetic over rows that are priced already.
 */
import { DEFAULT_RECALL, DEFAULT_STRONG_RECALL } from '../../edge/routing/thresholds.ts'
import { thresholdFor } from '../../training/validation.ts'
import type { PricedRow, Tier } from './priced-rows.ts'

/** The scores from which on a request is no longer for the local model, and from which on it is for the strong one. */
type Cuts = { readonly local: number; readonly strong: number }

export type Point = {
  /** Percent of complex requests that the threshold keeps from the lesser model, by the score alone. */
  readonly recall: number
  /** Shares of complex requests, guards included: kept from the local model, and given to the strong one. */
  readonly complexNotLocal: number
  readonly complexStrong: number
  /** Share of simple requests that the local model answers. */
  readonly simpleLocal: number
  readonly usdPerThousand: number
  /** Of what the same requests cost where the strong model answers all. */
  readonly shareOfStrong: number
}

export type Curve = { readonly setup: string; readonly points: readonly Point[] }

export type TierCosts = {
  readonly rows: { readonly simple: number; readonly complex: number }
  /** USD for a thousand of these requests, all by the strong model. */
  readonly strongUsdPerThousand: number
  /** The simple ones' share of that: what no router can save more than. */
  readonly simpleShare: number
  /** USD for a thousand of the simple ones, by either of Claude's models: what it costs to keep them from the local one. */
  readonly simpleUsdPerThousand: { readonly cheap: number; readonly strong: number }
  readonly curves: readonly Curve[]
}

/** The curve on which the default thresholds lie. */
export const DEFAULT_CURVE = `Local, cheap and strong: by ROUTER_THRESHOLD, with STRONG_THRESHOLD=recall:${DEFAULT_STRONG_RECALL}`
const RECALLS = [80, 85, 90, 95, 97, 98, 99, 99.5]

/**
 * Returns the three curves.
 * @throws {Error} where rows of one label are missing
 */
export function measureTierCosts(rows: readonly PricedRow[]): TierCosts {
  const simple = rows.filter(({ complex }) => !complex)
  if (simple.length === 0 || simple.length === rows.length)
    throw new Error('The rows need both labels, simple and complex.')
  const scored = rows.map(({ score, complex }) => ({ logit: score, complex }))
  const scoreOf = (recall: number) => thresholdFor(scored, recall / 100)
  const whole = costOf(rows, 'strong')
  const curve = (setup: string, recalls: readonly number[], cutsOf: (score: number) => Cuts): Curve => ({
    setup,
    points: recalls.map((recall) => pointOf(rows, recall, cutsOf(scoreOf(recall)), whole)),
  })
  const strong = scoreOf(DEFAULT_STRONG_RECALL)
  return {
    rows: { simple: simple.length, complex: rows.length - simple.length },
    strongUsdPerThousand: (1_000 * whole) / rows.length,
    simpleShare: costOf(simple, 'strong') / whole,
    simpleUsdPerThousand: {
      cheap: (1_000 * costOf(simple, 'cheap')) / simple.length,
      strong: (1_000 * costOf(simple, 'strong')) / simple.length,
    },
    curves: [
      curve('Local and strong: by ROUTER_THRESHOLD', RECALLS, (score) => ({ local: score, strong: score })),
      curve('Cheap and strong: by STRONG_THRESHOLD', RECALLS, (score) => ({
        local: Number.NEGATIVE_INFINITY,
        strong: score,
      })),
      curve(
        DEFAULT_CURVE,
        RECALLS.filter((recall) => recall >= DEFAULT_STRONG_RECALL),
        (local) => ({ local, strong }),
      ),
      curve(
        `Local, cheap and strong: by STRONG_THRESHOLD, with ROUTER_THRESHOLD=recall:${DEFAULT_RECALL}`,
        RECALLS.filter((recall) => recall <= DEFAULT_RECALL),
        (strong) => ({ local: scoreOf(DEFAULT_RECALL), strong }),
      ),
    ],
  }
}

function pointOf(rows: readonly PricedRow[], recall: number, cuts: Cuts, whole: number): Point {
  const answered = rows.map((row) => ({ row, tier: tierOf(row, cuts) }))
  const share = (complex: boolean, holds: (tier: Tier) => boolean) => {
    const own = answered.filter(({ row }) => row.complex === complex)
    return own.filter(({ tier }) => holds(tier)).length / own.length
  }
  const usd = answered.reduce((sum, { row, tier }) => sum + row.usd[tier], 0)
  return {
    recall,
    complexNotLocal: share(true, (tier) => tier !== 'local'),
    complexStrong: share(true, (tier) => tier === 'strong'),
    simpleLocal: share(false, (tier) => tier === 'local'),
    usdPerThousand: (1_000 * usd) / rows.length,
    shareOfStrong: usd / whole,
  }
}

/** Guards raise a request above what its score says, and never lower it. */
function tierOf({ score, least }: PricedRow, { local, strong }: Cuts): Tier {
  if (least === 'strong' || score >= strong) return 'strong'
  return least === 'cheap' || score >= local ? 'cheap' : 'local'
}

function costOf(rows: readonly PricedRow[], tier: Tier): number {
  return rows.reduce((sum, { usd }) => sum + usd[tier], 0)
}
