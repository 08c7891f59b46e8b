/**
 * What a running edge says of itself: version, what it lacks, whether its ledger can be read, which limits are reached.
 * Asks its public endpoints with the administrator's key; changes nothing, so that writing shows in the newest receipt only.
 */
import * as z from 'zod/mini'
import { type Answer, type Ask, readAnswer } from '../ask.ts'
import type { RouterAddress } from '../router-address.ts'
import { type Finding, failed, ok, warning } from './finding.ts'

const statusSchema = z.looseObject({ version: z.string(), strategy: z.string() })
const readySchema = z.looseObject({ status: z.string(), missing: z.array(z.string()) })
const usageSchema = z.looseObject({ totals: z.looseObject({ requests: z.int() }) })
const newestSchema = z.looseObject({ data: z.array(z.looseObject({ startedAt: z.number() })) })
const budgetsSchema = z.looseObject({ data: z.array(z.looseObject({ tenant: z.string() })) })
const errorSchema = z.looseObject({ error: z.looseObject({ message: z.string() }) })
const useSchema = z.looseObject({
  usage: z.nullish(z.array(z.looseObject({ limit: z.string(), hard: z.number(), used: z.number() }))),
})

/** More would be asked one by one. */
const MOST_TENANTS = 20
const MINUTE_MS = 60_000

export type EdgeCheckDeps = {
  readonly ask: Ask
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The version of this checkout. */
  readonly version: string
}

/** Returns the findings about a running edge, in the order in which a person should read them. */
export async function checkEdge({ url, headers }: RouterAddress, deps: EdgeCheckDeps): Promise<Finding[]> {
  const get = (path: string) => deps.ask(`${url}${path}`, { headers })
  const answer = await get('/v1/router/status')
  const status = answer?.status === 200 ? readAnswer(answer, statusSchema) : undefined
  if (status === undefined) return [explain(new URL(url).host, answer)]
  return [
    checkVersion(status, deps.version),
    checkReadiness(await get('/readyz')),
    await checkLedger(get, deps.now),
    headers['x-api-key'] === undefined
      ? ok('budgets', 'not asked: ADMIN_KEY is not set here')
      : await checkBudgets(get),
  ]
}

type Get = (path: string) => Promise<Answer | undefined>

function explain(host: string, answer: Answer | undefined): Finding {
  if (answer === undefined)
    return failed(
      'edge',
      `${host} does not answer`,
      'Correct --url, or look whether it is deployed: npx wrangler tail',
    )
  const told = messageOf(answer)
  if (answer.status === 401)
    return failed(
      'edge',
      `${host} refuses ADMIN_KEY`,
      'Set ADMIN_KEY to the value that the edge has as a secret.',
    )
  if (answer.status === 503 && told !== undefined)
    return failed('edge', told, 'Set what is named: [vars] of wrangler.toml, or npx wrangler secret put NAME')
  return failed(
    'edge',
    `${host} answers ${answer.status}${told === undefined ? '' : `: ${told}`}`,
    'Correct --url: it must name an edge of this router.',
  )
}

function checkVersion({ version, strategy }: z.infer<typeof statusSchema>, own: string): Finding {
  const detail = `version ${version}, strategy ${strategy}`
  if (version === own) return ok('edge', detail)
  return warning('edge', `${detail}; this checkout is ${own}`, 'Deploy it again: npm run deploy:edge')
}

function checkReadiness(answer: Answer | undefined): Finding {
  const ready = answer && readAnswer(answer, readySchema)
  if (ready === undefined)
    return failed('readiness', '/readyz says nothing', 'Read the log: npx wrangler tail')
  if (ready.missing.length === 0)
    return ok('readiness', 'local model and Claude can be asked, as far as they are set')
  const fix =
    'Set what is named, or start the container; requests that need it fail or go the other way meanwhile.'
  const detail = ready.missing.join('; ')
  return ready.status === 'ready' ? warning('readiness', detail, fix) : failed('readiness', detail, fix)
}

async function checkLedger(get: Get, now: number): Promise<Finding> {
  const answer = await get('/v1/router/usage?from=30d')
  const usage = answer?.status === 200 ? readAnswer(answer, usageSchema) : undefined
  if (usage === undefined)
    return failed(
      'ledger',
      (answer && messageOf(answer)) ?? 'the ledger cannot be read',
      'Look at the Durable Objects in wrangler.toml and their limits; the log says more: npx wrangler tail',
    )
  const newest = await get('/v1/router/requests?limit=1')
  const startedAt = newest && readAnswer(newest, newestSchema)?.data[0]?.startedAt
  const { requests } = usage.totals
  const counted = `${requests} ${requests === 1 ? 'request' : 'requests'} in 30 days`
  if (startedAt === undefined) return ok('ledger', `${counted}; no receipt is kept yet`)
  const minutes = Math.max(0, Math.floor((now - startedAt) / MINUTE_MS))
  return ok('ledger', `${counted}; the newest receipt is ${minutes} min old`)
}

async function checkBudgets(get: Get): Promise<Finding> {
  const answer = await get('/v1/router/budgets')
  const budgets = answer?.status === 200 ? readAnswer(answer, budgetsSchema) : undefined
  if (budgets === undefined)
    return warning(
      'budgets',
      (answer && messageOf(answer)) ?? 'limits cannot be read',
      'Set ADMIN_KEY here as the edge has it; without one there are no limits at runtime.',
    )
  const tenants = budgets.data.map(({ tenant }) => tenant)
  const reached = await Promise.all(
    tenants
      .filter((tenant) => tenant !== '*')
      .slice(0, MOST_TENANTS)
      .map(async (tenant) => {
        const found = await get(`/v1/router/budgets/${encodeURIComponent(tenant)}`)
        const uses = (found && readAnswer(found, useSchema)?.usage) ?? []
        return uses.filter(({ used, hard }) => used >= hard).map(({ limit }) => `${tenant}: ${limit}`)
      }),
  )
  const names = reached.flat()
  if (names.length > 0)
    return warning(
      'budgets',
      `reached: ${names.join(', ')}`,
      'Raise them, or wait: GET /v1/router/budgets/TENANT',
    )
  return ok(
    'budgets',
    tenants.length === 0 ? 'no limits are set' : `limits of ${tenants.length}, none reached`,
  )
}

function messageOf(answer: Answer): string | undefined {
  return readAnswer(answer, errorSchema)?.error.message
}
