/**
 * Says what the router's marks for Claude's prompt cache would save and lose: its own decisions, run over a model of that cache.
 * Nothing is called.
 *
 *   npm run simulate:prompt-cache                  patterns of traffic, made by chance
 *   npm run simulate:prompt-cache -- LOG.jsonl     receipts: GET /v1/router/requests?from=7d&format=jsonl
 */
import { stat } from 'node:fs/promises'
import { seededRandom } from '../inference/engine/text/sampler.ts'
import { readJsonLines } from './json-lines.ts'
import type { PromptUsage, SimulatedRequest } from './prompt-cache/cache-model.ts'
import { promptCost } from './prompt-cache/cache-model.ts'
import { parseReceiptRow } from './prompt-cache/receipt-row.ts'
import { simulate } from './prompt-cache/simulate.ts'
import { percent, renderTable, worstSaving } from './prompt-cache/table.ts'
import { PATTERNS } from './prompt-cache/traffic.ts'

const RUNS = 10
const MOST_LOST = -0.02

const USAGE = `Usage: npm run simulate:prompt-cache [-- LOG.jsonl]

  without a file   patterns of traffic, made by chance
  LOG.jsonl        your own receipts:
                   curl -s "http://127.0.0.1:8787/v1/router/requests?from=7d&format=jsonl" -H "x-api-key: $ADMIN_KEY" > LOG.jsonl

Nothing is called. Exit code 1 where a pattern loses more than two percent, a line is no receipt, or none can be simulated.`

const [log, ...others] = process.argv.slice(2)
if (log === '--help' || log === '-h') console.log(USAGE)
else if (log?.startsWith('-') || others.length > 0) fail(USAGE, 2)
else if (log === undefined) simulatePatterns()
else await simulateLog(log)

function isReadable(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => !found.isDirectory(),
    () => false,
  )
}

function fail(message: string, code = 1): void {
  console.error(message)
  process.exitCode = code
}

function simulatePatterns(): void {
  const rows = PATTERNS.map(({ name, make }) => ({
    name,
    runs: Array.from({ length: RUNS }, (_, run) => simulate(make(seededRandom(run + 1)))),
  }))
  console.log(renderTable(rows))
  const losing = rows.filter(({ runs }) => worstSaving(runs) < MOST_LOST)
  for (const { name } of losing) console.error(`loses more than 2 %: ${name}`)
  if (losing.length > 0) process.exitCode = 1
}

async function simulateLog(path: string): Promise<void> {
  if (!(await isReadable(path))) return fail(`There is no file ${path}.\n\n${USAGE}`)
  const requests: SimulatedRequest[] = []
  const usages: PromptUsage[] = []
  const leftOut = new Map<string, number>()
  for await (const line of readJsonLines(path)) {
    const row = line.ok ? parseReceiptRow(line.value) : undefined
    if (row === undefined) fail(`line ${line.number}: is no receipt`)
    else if (row.kind === 'left_out') leftOut.set(row.why, (leftOut.get(row.why) ?? 0) + 1)
    else {
      requests.push(row.request)
      usages.push(row.usage)
    }
  }
  const tellLeftOut = () => {
    for (const [why, count] of leftOut) console.log(`${count} left out: ${why}`)
  }
  if (requests.length === 0) {
    tellLeftOut()
    return fail(
      `${path} holds no receipt that can be simulated: they tell enough where Claude answered, PROMPT_CACHE was auto and the prompt was long enough.`,
    )
  }
  // Exports begin with the newest.
  const simulated = simulate(requests.toSorted((one, other) => one.at - other.at))
  console.log(renderTable([{ name: path, runs: [simulated] }]))
  const took = usages.reduce((sum, usage) => sum + promptCost(usage), 0)
  if (simulated.plain > 0)
    console.log(
      `\nAs it was, by the usage that Claude told: ${percent((simulated.plain - took) / simulated.plain)} saved.`,
    )
  tellLeftOut()
}
