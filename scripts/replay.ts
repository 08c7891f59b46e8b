/**
 * Sends requests of one's own through the present settings and through others, and says what would change; nothing is
 * called.
 *
 *   npm run -s replay -- LOG.jsonl [--threshold NUMBER] [--rules FILE] [--strategy NAME] [--json]
 *
 * LOG: a Messages request a line, or {"id","request","usage"?,"headers"?,"tenant"?,"at"?}. A bad line is named and left
 * out.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readControls } from '../edge/http/read-request.ts'
import { expectedOutputTokens } from '../edge/ledger/typical-output.ts'
import type { Planner } from '../edge/planner.ts'
import { RouterError } from '../shared/errors.ts'
import type { Usage } from '../shared/messages.ts'
import { type JsonLine, readJsonLines } from './json-lines.ts'
import { createOfflinePlanner, createOfflineRequest } from './offline-planner.ts'
import { type Compared, compareOutcomes } from './replay/compare.ts'
import { parseReplayRow, type ReplayRow } from './replay/replay-row.ts'
import { renderReport } from './replay/report.ts'

const USAGE = `Usage: npm run -s replay -- LOG.jsonl [--threshold NUMBER] [--rules FILE] [--strategy NAME] [--json]

  --threshold   another ROUTER_THRESHOLD: 0 to 1, or recall:97
  --rules       a file with another ROUTER_RULES
  --strategy    another LLM_STRATEGY
  --json        the comparison for programs

LOG holds a request a line: a Messages body, or {"id","request","usage"?,"headers"?,"tenant"?,"at"?}.
The settings compared with are those of .env and the environment. Exit code 1 where a line could not be read.`
const { log, json, changes } = readArguments()
let badLines = 0
try {
  const before = await createOfflinePlanner(process.env)
  const after = await createOfflinePlanner({ ...process.env, ...changes })
  const comparison = await compareOutcomes(replayLines(readJsonLines(log), before, after))
  console.log(json ? JSON.stringify({ ...comparison, badLines }, null, 2) : renderReport(comparison))
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}
if (badLines > 0) process.exitCode = 1

async function* replayLines(
  lines: AsyncIterable<JsonLine>,
  before: Planner,
  after: Planner,
): AsyncGenerator<Compared> {
  for await (const line of lines) {
    const row = line.ok ? parseReplayRow(line.value, line.number) : 'is not JSON'
    const compared = typeof row === 'string' ? row : await replayRow(row, before, after)
    if (typeof compared !== 'string') yield compared
    else {
      badLines++
      console.error(`line ${line.number}: ${compared}`)
    }
  }
}

/** Returns both decisions on a row, or what is wrong with its request. */
async function replayRow(row: ReplayRow, before: Planner, after: Planner): Promise<Compared | string> {
  try {
    const request = requestOf(row)
    const old = await before(request)
    const { decision } = await after(request)
    const { maxTokens, estimatedInputTokens } = old.features
    const estimate: Usage = {
      input_tokens: estimatedInputTokens,
      output_tokens: expectedOutputTokens(old.decision.task, maxTokens),
    }
    return {
      id: row.id,
      before: old.decision,
      after: decision,
      usage: row.usage ?? estimate,
      estimated: row.usage === undefined,
    }
  } catch (error) {
    if (error instanceof RouterError) return error.message
    throw error
  }
}

function requestOf({ request, headers: given, tenantId, at }: ReplayRow) {
  const headers = new Headers(given)
  const tenant = { id: tenantId, admin: false, forbid: [] }
  return createOfflineRequest(request, {
    tenant,
    header: (name) => headers.get(name) ?? undefined,
    controls: readControls(headers, tenant),
    agentSession: headers.has('x-claude-code-session-id'),
    ...(at === undefined ? {} : { startedAt: at }),
  })
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        threshold: { type: 'string' },
        rules: { type: 'string' },
        strategy: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help === true) {
      console.log(USAGE)
      process.exit(0)
    }
    const [log, ...others] = positionals
    if (log === undefined || others.length > 0) throw new Error('Name one file of requests.')
    const { threshold, strategy, rules } = values
    const changes = {
      ...(threshold === undefined ? {} : { ROUTER_THRESHOLD: threshold }),
      ...(strategy === undefined ? {} : { LLM_STRATEGY: strategy }),
      ...(rules === undefined ? {} : { ROUTER_RULES: readFileSync(rules, 'utf8') }),
    }
    return { log, json: values.json === true, changes }
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
  }
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
