/**
 * Limits in the words of the dashboard, and between a form's texts and the API's values. Counts nothing.
 */
import { toNanoUsd } from '../../../shared/money.ts'
import type { Limit, TenantLimits } from '../../budgets/limits.ts'
import { formatCount, formatExactUsd } from '../format-figures.ts'

export type LimitField = keyof Limit

/** What each limit is called; in the order of the form. */
export const LIMIT_LABELS: Readonly<Record<LimitField, string>> = {
  requestsPerMinute: 'Requests a minute',
  concurrent: 'Requests at once',
  tokensPerDay: 'Tokens a day',
  tokensPerMonth: 'Tokens a month',
  usdPerDay: 'USD a day',
  usdPerMonth: 'USD a month',
  softShare: 'Warn from share (0–1)',
}
export const LIMIT_FIELDS = Object.keys(LIMIT_LABELS) as LimitField[]

/** What a form holds of one limit: empty texts stand for no limit. */
export type LimitTexts = Readonly<Record<LimitField, string>>

/** Returns the texts of a form. */
export function limitTexts(limit: Limit | undefined): LimitTexts {
  const text = (field: LimitField) => String(limit?.[field] ?? '')
  return {
    requestsPerMinute: text('requestsPerMinute'),
    concurrent: text('concurrent'),
    tokensPerDay: text('tokensPerDay'),
    tokensPerMonth: text('tokensPerMonth'),
    usdPerDay: text('usdPerDay'),
    usdPerMonth: text('usdPerMonth'),
    softShare: text('softShare'),
  }
}

/**
 * Returns what the API is sent, or undefined where nothing is limited. A text that is no number is sent as it is: the
 * API says what is wrong with it.
 */
export function limitOfTexts(texts: LimitTexts): Readonly<Record<string, unknown>> | undefined {
  const set = LIMIT_FIELDS.flatMap((field) => {
    const text = texts[field].trim()
    if (text === '') return []
    const number = Number(text)
    return [[field, Number.isNaN(number) ? text : number] as const]
  })
  return set.length === 0 ? undefined : Object.fromEntries(set)
}

/** Returns an amount of a limit, given in its unit: USD, tokens or requests. */
export function formatLimitAmount(limit: string, amount: number): string {
  return limit.startsWith('usd') ? formatExactUsd(toNanoUsd(amount)) : formatCount(amount)
}

/** Returns what a limit is called, any unknown one by its own name. */
export function limitLabel(limit: string): string {
  const known = LIMIT_FIELDS.find((field) => field === limit)
  return known === undefined ? limit : LIMIT_LABELS[known]
}

/** Returns whether what is used is forgotten at a certain time, unlike requests at once, which end when they end. */
export function endsAtTime(limit: string): boolean {
  return limit !== ('concurrent' satisfies LimitField)
}

/** Returns what is limited, one sentence for the tenant, for its end users, and for each of these by name. */
export function limitSentences(limits: TenantLimits | null): string[] {
  const told = [
    ['As a whole', limits?.tenant] as const,
    ['Every end user', limits?.user] as const,
    ...Object.entries(limits?.users ?? {}),
  ]
  return told.flatMap(([whose, limit]) => {
    const parts = LIMIT_FIELDS.flatMap((field) =>
      limit?.[field] === undefined ? [] : [`${withinSentence(LIMIT_LABELS[field])} ${limit[field]}`],
    )
    return parts.length === 0 ? [] : [`${whose}: ${parts.join(', ')}.`]
  })
}

/** USD stays as it is. */
function withinSentence(label: string): string {
  return label.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())
}
