/**
 * Reads `HEDGE` and `FALLBACK_BUDGET`: when two models may be asked at once, and how much may go to Claude because the local
 * model failed. What they mean for a request is `fallback/degradation.ts`.
 */
import * as z from 'zod/mini'
import { toNanoUsd } from '../../shared/money.ts'
import type { AllowanceLimit } from '../fallback/allowance.ts'
import { text } from './setting-schemas.ts'

export type HedgeSetting = {
  /** All hold at once. */
  readonly limits: readonly AllowanceLimit[]
  /** How long the local model is waited for alone, ms; undefined: a part of what it has until its first word. */
  readonly delayMs: number | undefined
}

export type FallbackBudgetSetting = {
  readonly limit: AllowanceLimit
  /** What happens above it. */
  readonly above: 'refuse' | 'cheap'
  /** The limit as it was written. */
  readonly written: string
}

const MINUTE_MS = 60_000
const WINDOWS_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: 24 * 60 * MINUTE_MS } as const
/** Long enough for a few percent of little traffic to be a request. */
const HEDGE_WINDOW_MS = 10 * MINUTE_MS
/** Envoy's minimum of retries beside its share. */
const LEAST_FALLBACKS = 3

const SHARE = /^(\d{1,3}(?:\.\d{1,2})?)%$/
const DELAY = /^(\d{1,7})ms$/
const MONEY = /^(\d{1,7}(?:\.\d{1,9})?)usd\/(minute|hour|day)$/
const COUNT = /^(\d{1,7})\/(minute|hour|day)$/

/** `off`, or a share of requests with a delay and a limit of money if wanted; undefined: nobody is asked beside another. */
export const hedge = read(
  readHedge,
  'must be off, or a share of requests such as 5%, then if wanted a delay and a limit of money: 5%:1500ms:2usd/day',
)

/** `off`, or a limit and what happens above it; undefined: no limit. */
export const fallbackBudget = read(
  readFallbackBudget,
  'must be off, or a limit such as 30/minute, 20% or 5usd/day, then if wanted :refuse or :cheap',
)

/** A setting of `:`-separated parts; `off` and unset are undefined. */
function read<T>(parse: (parts: readonly string[]) => T | undefined, message: string) {
  return z.pipe(
    text,
    z.transform((value, context): T | undefined => {
      if (value === undefined || value === 'off') return undefined
      const parsed = parse(
        value
          .toLowerCase()
          .split(':')
          .map((part) => part.trim()),
      )
      if (parsed !== undefined) return parsed
      context.issues.push({ code: 'custom', message, input: value })
      return z.NEVER
    }),
  )
}

function readHedge([first = '', ...others]: readonly string[]): HedgeSetting | undefined {
  const share = readShare(first, 0, HEDGE_WINDOW_MS)
  const delays = others.flatMap((part) => readNumber(DELAY, part) ?? [])
  const money = others.flatMap((part) => readMoney(part) ?? [])
  const isKnown = delays.length + money.length === others.length && delays.length <= 1 && money.length <= 1
  if (share === undefined || !isKnown || delays[0] === 0) return undefined
  return { limits: [share, ...money], delayMs: delays[0] }
}

function readFallbackBudget([written = '', above = 'refuse', ...rest]: readonly string[]):
  | FallbackBudgetSetting
  | undefined {
  const limit = readCount(written) ?? readShare(written, LEAST_FALLBACKS, MINUTE_MS) ?? readMoney(written)
  if (limit === undefined || rest.length > 0 || (above !== 'refuse' && above !== 'cheap')) return undefined
  return { limit, above, written }
}

function readShare(part: string, least: number, windowMs: number): AllowanceLimit | undefined {
  const percent = readNumber(SHARE, part)
  if (percent === undefined || percent === 0 || percent > 100) return undefined
  return { kind: 'share', percent, least, windowMs }
}

function readMoney(part: string): AllowanceLimit | undefined {
  const usd = readNumber(MONEY, part)
  if (usd === undefined || usd === 0) return undefined
  return { kind: 'money', mostNanoUsd: toNanoUsd(usd), windowMs: readWindow(MONEY, part) }
}

/** 0 is a limit as well: nothing falls back. */
function readCount(part: string): AllowanceLimit | undefined {
  const most = readNumber(COUNT, part)
  return most === undefined ? undefined : { kind: 'count', most, windowMs: readWindow(COUNT, part) }
}

function readNumber(pattern: RegExp, part: string): number | undefined {
  const number = pattern.exec(part)?.[1]
  return number === undefined ? undefined : Number(number)
}

function readWindow(pattern: RegExp, part: string): number {
  const unit = pattern.exec(part)?.[2]
  return unit === 'hour' || unit === 'day' ? WINDOWS_MS[unit] : WINDOWS_MS.minute
}
