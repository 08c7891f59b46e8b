/**
 * What a request took of its tenant's limits, once it has ended: a projection of the receipt. What it could have taken is
 * `upper-bound.ts`.
 */
import type { Message, Usage } from '../../shared/messages.ts'
import { estimateTokens } from '../../shared/tokens.ts'
import type { PriceList } from '../ledger/prices.ts'
import { tokensOf } from '../ledger/project-receipt.ts'
import type { Receipt } from '../ledger/receipt.ts'
import type { Settlement } from './accounts.ts'

export type SettledReceipt = Pick<
  Receipt,
  'route' | 'model' | 'outcome' | 'usage' | 'failedAttempts' | 'costNanoUsd'
>

/**
 * Returns tokens and money, each null where nobody knows.
 * @param answer as far as it came
 */
export function usedBy(
  receipt: SettledReceipt,
  answer: Message | undefined,
  prices: PriceList,
): Settlement['used'] {
  const untold = untoldOutput(receipt, answer)
  const answered = receipt.route === 'cache' ? 0 : answerTokens(receipt)
  const attempts = receipt.failedAttempts.map(({ usage }) => tokensIn(usage))
  const tokens = [answered, untold, ...attempts].reduce(plus, 0)
  if (receipt.route !== 'claude' || untold === 0) return { tokens, nanoUsd: receipt.costNanoUsd ?? null }
  const price = prices(receipt.model ?? '', { output_tokens: untold }) ?? null
  return { tokens, nanoUsd: plus(receipt.costNanoUsd ?? null, price) }
}

function answerTokens({ route, usage, outcome }: SettledReceipt): number | null {
  if (usage !== undefined) return tokensIn(usage)
  // What Claude refuses takes nothing, and what was never answered is among the failed attempts.
  return route === undefined || outcome === 'refused' ? 0 : null
}

/** Claude tells how much it wrote at the end only: of an answer that broke off that is estimated by what came. */
function untoldOutput({ outcome, usage, route }: SettledReceipt, answer: Message | undefined): number {
  const isWhole = outcome !== 'broken' && outcome !== 'cancelled'
  if (isWhole || answer === undefined || route === 'cache') return 0
  return Math.max(0, estimateTokens(JSON.stringify(answer.content)) - tokensOf(usage ?? {}).output)
}

function tokensIn(usage: Usage | undefined): number | null {
  if (usage === undefined) return null
  const { input, output, cacheWrite, cacheRead } = tokensOf(usage)
  return input + output + cacheWrite + cacheRead
}

function plus(sum: number | null, amount: number | null): number | null {
  return sum === null || amount === null ? null : sum + amount
}
