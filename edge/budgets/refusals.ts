/**
 * What a client reads whose request a limit keeps out: which limit, how far it is used, when it opens again. Pure; decides
 * nothing.
 */

import { RouterError } from '../../shared/errors.ts'
import { toUsd } from '../../shared/money.ts'
import type { Amount, LimitUse } from './accounts.ts'
import { isMoney } from './caps.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Requests that hold the rest of a limit end some time soon. */
const SETTLES_SOON_MS = 5_000
const UNREACHABLE_RETRY_MS = 5_000

/**
 * Returns the 429.
 * @param planned the most that the request could take
 * @param now milliseconds since the epoch
 */
export function limitReached(cause: LimitUse, planned: Amount, now: number): RouterError {
  const waitMs = Math.max(SECOND_MS, cause.opensAt - now)
  const opens = `It opens again at ${moment(cause.opensAt)}, in ${duration(waitMs)}.`
  const who = cause.scope === 'user' ? 'this user' : 'this key'
  if (cause.limit === 'requestsPerMinute')
    return limited(`The limit of ${hardLimit(cause)} for ${who} is reached. ${opens}`, waitMs)
  if (cause.limit === 'concurrent')
    return limited(
      `All ${cause.hard} requests that ${who} may have on their way at once are. Try again when one of them has ended.`,
      SECOND_MS,
    )
  const asked = isMoney(cause.limit) ? planned.nanoUsd : planned.tokens
  const limit = `The limit of ${hardLimit(cause)} for ${who}`
  const most = `this request may take up to ${amount(cause, asked)}`
  if (asked > cause.hard)
    return limited(
      `${limit} is less than this request could take: up to ${amount(cause, asked)}. Set a lower limit of output tokens (max_tokens, max_completion_tokens or max_output_tokens) or shorten the prompt.`,
      waitMs,
    )
  if (cause.used + asked <= cause.hard)
    return limited(
      `${limit} is held by requests on their way: ${amount(cause, cause.used)} are used, ${amount(cause, cause.reserved)} reserved, and ${most}. Try again when they have ended.`,
      SETTLES_SOON_MS,
    )
  return limited(`${limit} is reached: ${amount(cause, cause.used)} are used, and ${most}. ${opens}`, waitMs)
}

/** Returns the 403 of a model whose cost could not be held against a limit of money. */
export function priceUnknown(models: readonly string[]): RouterError {
  const names = models.map((model) => JSON.stringify(model.slice(0, 100))).join(' and ')
  return new RouterError(
    'forbidden',
    `This key has a limit in US dollars, and the router knows no price for ${names}. Ask for another model, or have the operator add its price to PRICES.`,
  )
}

/** Returns the 503 where nobody can say what is left of a limit. */
export function accountUnreachable(cause: unknown): RouterError {
  return new RouterError(
    'unavailable',
    'What this key has used cannot be looked up at the moment, and it has limits of money or tokens: nothing is spent uncounted. Try again in a few seconds.',
    { retryAfterMs: UNREACHABLE_RETRY_MS, cause },
  )
}

function limited(message: string, retryAfterMs: number): RouterError {
  return new RouterError('rate_limited', message, { retryAfterMs })
}

const PERIODS = {
  requestsPerMinute: 'a minute',
  concurrent: 'at once',
  tokensPerDay: 'a day',
  tokensPerMonth: 'a month',
  usdPerDay: 'a day',
  usdPerMonth: 'a month',
} as const

function hardLimit(use: LimitUse): string {
  const unit = isMoney(use.limit) ? '' : use.limit === 'requestsPerMinute' ? ' requests' : ' tokens'
  return `${amount(use, use.hard)}${unit} ${PERIODS[use.limit]}`
}

function amount({ limit }: LimitUse, value: number): string {
  return isMoney(limit) ? usd(value) : String(value)
}

/** Cents where that says it, more digits where it does not. */
function usd(nanoUsd: number): string {
  const dollars = toUsd(nanoUsd)
  return `$${dollars >= 1 || dollars === 0 ? dollars.toFixed(2) : dollars.toPrecision(3)}`
}

function moment(at: number): string {
  return new Date(Math.ceil(at / SECOND_MS) * SECOND_MS).toISOString().replace('.000Z', 'Z')
}

function duration(milliseconds: number): string {
  const units = [
    ['day', DAY_MS],
    ['hour', HOUR_MS],
    ['minute', MINUTE_MS],
    ['second', SECOND_MS],
  ] as const
  const rounded = Math.ceil(milliseconds / SECOND_MS) * SECOND_MS
  const at = units.findIndex(([, unit]) => rounded >= unit)
  let rest = rounded
  const parts = units.slice(at, at + 2).flatMap(([name, unit]) => {
    const whole = Math.floor(rest / unit)
    rest -= whole * unit
    return whole === 0 ? [] : `${whole} ${name}${whole === 1 ? '' : 's'}`
  })
  return parts.join(' ')
}
