/**
 * The one sentence that says what the router cost and what it saved, for the dashboard and for terminals. Does not add
 * anything up and knows no ledger: whoever asks brings the figures.
 */

import { toUsd } from './money.ts'

/** Sums over one period. Money in whole nano-USD. */
export type SavingsFigures = {
  /** How the period is called at the beginning of a sentence, such as "Last 30 days". */
  readonly period: string
  readonly requests: number
  /** Requests that the local model answered; answers out of the cache are not among them. */
  readonly localRequests: number
  /** What Claude's answers and failed attempts cost. */
  readonly costNanoUsd: number
  /** What the container cost in that period; 0 where it costs nothing or the operator has not said. */
  readonly containerNanoUsd: number
  /** Baseline less cost of all requests, before the container is paid. */
  readonly savedNanoUsd: number
  /** Requests whose price is not known; they are in no sum of money. */
  readonly unpricedRequests: number
  /** The model that would have answered everything. */
  readonly baselineModel: string
}

export type SavingsSentence = {
  readonly text: string
  /** The router cost more than the baseline alone would have: to be shown in red. */
  readonly negative: boolean
}

const CENT = 10_000_000
const HALF_CENT = CENT / 2
const WHOLE = new Intl.NumberFormat('en-US')
const CENTS = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

/** Returns the sentence, the container's cost taken from the saving. */
export function savingsSentence(figures: SavingsFigures): SavingsSentence {
  const { period, requests, localRequests, containerNanoUsd, unpricedRequests } = figures
  const netNanoUsd = figures.savedNanoUsd - containerNanoUsd
  if (requests === 0 && containerNanoUsd === 0) return { text: `${period}: no requests.`, negative: false }
  const asked =
    requests === 0
      ? 'no requests'
      : `${WHOLE.format(requests)} ${requests === 1 ? 'request' : 'requests'}, ${formatShare(localRequests, requests)} answered locally`
  const container = containerNanoUsd === 0 ? '' : `, container ${formatNanoUsd(containerNanoUsd)}`
  const unpriced =
    unpricedRequests === 0 ? '' : ` (unknown price: ${formatShare(unpricedRequests, requests)} of requests)`
  return {
    text: `${period}: ${asked}; Claude ${formatNanoUsd(figures.costNanoUsd)}${container}; ${outcome(figures, netNanoUsd)}${unpriced}.`,
    negative: netNanoUsd < 0,
  }
}

function outcome({ baselineModel, requests, unpricedRequests }: SavingsFigures, net: number): string {
  // Sums over nothing say nothing, but a container that was paid for is known.
  if (requests > 0 && unpricedRequests >= requests && net === 0) return 'what it saved is not known'
  const alone = `against ${modelFamily(baselineModel)} alone`
  if (net === 0) return `${alone} you saved nothing`
  return net > 0
    ? `${alone} you saved ${formatNanoUsd(net)}`
    : `${alone} you paid ${formatNanoUsd(-net)} more`
}

/** Returns an amount in dollars and cents; below half a cent in words, as rounding would make nothing of it. */
export function formatNanoUsd(amount: number): string {
  const sign = amount < 0 ? '−' : ''
  const size = Math.abs(amount)
  if (size > 0 && size < HALF_CENT) return `${sign === '' ? '' : 'minus '}less than $0.01`
  return `${sign}$${CENTS.format(toUsd(size))}`
}

/** Returns a share in percent. Neither nothing nor everything is claimed where that is not exactly so. */
export function formatShare(part: number, whole: number): string {
  if (part <= 0 || whole <= 0) return '0 %'
  if (part >= whole) return '100 %'
  const percent = (100 * part) / whole
  if (percent < 0.1) return 'less than 0.1 %'
  if (percent > 99.9) return 'more than 99.9 %'
  const isNearAnEnd = percent < 10 || percent > 99
  return `${Number(percent.toFixed(isNearAnEnd ? 1 : 0))} %`
}

/** Returns "Sonnet" of `claude-sonnet-5-5`; another model's name as it is. */
function modelFamily(model: string): string {
  const family = /^claude-([a-z]+)/.exec(model)?.[1]
  return family === undefined ? model : `${family[0]?.toUpperCase()}${family.slice(1)}`
}
