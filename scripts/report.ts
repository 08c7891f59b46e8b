/**
 * `npm run report`: what the router cost and saved, asked of a running edge: the dashboard's sentence and a table.
 *
 *   npm run -s report -- [--days 30] [--by route] [--url URL] [--json]
 */
import { parseArgs } from 'node:util'
import * as z from 'zod/mini'
import { GROUPINGS } from '../edge/ledger/ledger.ts'
import { createAsk, readAnswer } from './ask.ts'
import { type Usage, usageSchema, usageSentence, usageTable } from './report/usage-report.ts'
import { type RouterAddress, routerAddress } from './router-address.ts'

const USAGE = `Usage: npm run -s report -- [--days 30] [--by route] [--url URL] [--json]

  --days   how many days back, 1 to 366; the edge keeps receipts for RETENTION_DAYS and sums for longer
  --by     the table's rows: ${GROUPINGS.join(', ')}
  --url    another edge than the one that npm start starts
  --json   {"sentence", "negative", "usage"} for programs

The key is ADMIN_KEY of .env or the environment; an edge that answers anybody on this machine needs none.
Exit code 1 where the edge does not answer.`

/** A month of a busy router is added up from many objects, ms. */
const ANSWER_TIMEOUT_MS = 30_000
const RED = '\u001b[31m'
const PLAIN = '\u001b[0m'

const errorSchema = z.looseObject({ error: z.looseObject({ message: z.string() }) })
const ask = createAsk(fetch, ANSWER_TIMEOUT_MS)

const { days, by, address, json } = readArguments()
const byRoute = await readUsage('route')
const sentence = usageSentence(byRoute, days)
const table = by === 'route' ? byRoute : await readUsage(by)
if (json)
  console.log(JSON.stringify({ sentence: sentence.text, negative: sentence.negative, usage: table }, null, 2))
else {
  const isRed = sentence.negative && process.stdout.isTTY && process.env.NO_COLOR === undefined
  console.log(isRed ? `${RED}${sentence.text}${PLAIN}` : sentence.text)
  console.log(`\n${usageTable(table, by)}`)
  const unread = new Set((table.unread ?? []).map(({ tenant }) => tenant))
  if (unread.size > 0)
    console.log(`\nWithout what cannot be read at the moment, of: ${[...unread].toSorted().join(', ')}`)
}

async function readUsage(groupBy: string): Promise<Usage> {
  const answer = await ask(`${address.url}/v1/router/usage?from=${days}d&groupBy=${groupBy}`, {
    headers: address.headers,
  })
  if (answer === undefined)
    return fail(`${address.url} does not answer. Start it (npm start), or name it: --url`, 1)
  const usage = answer.status === 200 ? readAnswer(answer, usageSchema) : undefined
  if (usage !== undefined) return usage
  const told = readAnswer(answer, errorSchema)?.error.message
  return fail(
    `${address.url} answers ${answer.status}: ${told ?? 'it is no edge of this router, or another version'}`,
    1,
  )
}

function readArguments(): { days: number; by: string; address: RouterAddress; json: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        days: { type: 'string', default: '30' },
        by: { type: 'string', default: 'route' },
        url: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help === true) {
      console.log(USAGE)
      process.exit(0)
    }
    const days = /^\d{1,3}$/.test(values.days) ? Number(values.days) : 0
    if (days < 1 || days > 366) throw new Error('--days must be a whole number from 1 to 366.')
    if (!GROUPINGS.some((known) => known === values.by))
      throw new Error(`--by must be one of ${GROUPINGS.join(', ')}.`)
    return {
      days,
      by: values.by,
      address: routerAddress(process.env, values.url),
      json: values.json === true,
    }
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\n\n${USAGE}`, 2)
  }
}

function fail(message: string, code: number): never {
  console.error(message)
  process.exit(code)
}
