/** What a client reads that a limit keeps out: which, how far it is used, when it opens. */
import { expect, test } from 'vitest'
import type { LimitUse } from '../../../edge/budgets/accounts.ts'
import { limitReached } from '../../../edge/budgets/refusals.ts'

const NOW = Date.UTC(2026, 10, 27, 12)
const USD = 1_000_000_000
const MONEY: LimitUse = {
  scope: 'tenant',
  limit: 'usdPerMonth',
  hard: 20 * USD,
  used: 19.95 * USD,
  reserved: 0,
  opensAt: Date.UTC(2026, 11, 1),
  resetsAt: Date.UTC(2026, 11, 1),
}
const PLANNED = { tokens: 1_500, nanoUsd: 0.1 * USD }

test.each([
  [
    {},
    'The limit of $20.00 a month for this key is reached: $19.95 are used, and this request may take up to $0.100. It opens again at 2026-12-01T00:00:00Z, in 3 days 12 hours.',
    302_400_000,
  ],
  [
    { used: 10 * USD, reserved: 9.95 * USD },
    'The limit of $20.00 a month for this key is held by requests on their way: $10.00 are used, $9.95 reserved, and this request may take up to $0.100. Try again when they have ended.',
    5_000,
  ],
  [
    { hard: 0.05 * USD, used: 0 },
    'The limit of $0.0500 a month for this key is less than this request could take: up to $0.100. Set a lower limit of output tokens (max_tokens, max_completion_tokens or max_output_tokens) or shorten the prompt.',
    302_400_000,
  ],
  [
    { scope: 'user', limit: 'tokensPerDay', hard: 2_000, used: 900, opensAt: NOW + 60_000 },
    'The limit of 2000 tokens a day for this user is reached: 900 are used, and this request may take up to 1500. It opens again at 2026-11-27T12:01:00Z, in 1 minute.',
    60_000,
  ],
  [
    { limit: 'requestsPerMinute', hard: 60, used: 60, opensAt: NOW + 700 },
    'The limit of 60 requests a minute for this key is reached. It opens again at 2026-11-27T12:00:01Z, in 1 second.',
    1_000,
  ],
  [
    { scope: 'user', limit: 'concurrent', hard: 4, used: 4, opensAt: NOW },
    'All 4 requests that this user may have on their way at once are. Try again when one of them has ended.',
    1_000,
  ],
] satisfies [Partial<LimitUse>, string, number][])('%j', (changes, message, retryAfterMs) => {
  const error = limitReached({ ...MONEY, ...changes }, PLANNED, NOW)
  expect(error).toMatchObject({ code: 'rate_limited', status: 429, message, retryAfterMs })
})
