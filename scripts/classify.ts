/**
 * Classifies a file of requests by the router's own planner under `hybrid`; nothing is called.
 *
 *   npm run -s classify -- IN.jsonl OUT.jsonl
 *
 * IN: {"id","request"} a line, a Messages request (model and max_tokens may be missing).
 * OUT: {"id","route":"local"|"claude","task","score","guard"?} a line, with the model card of the shipped model or of
 * LOCAL_MODEL_NAME. ROUTER_THRESHOLD and LOCAL_TASKS count as on the edge. A bad line is named and left out.
 */
import { createWriteStream } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import * as z from 'zod'
import { readConfig } from '../edge/config.ts'
import { createPlanner, type PlannedRequest, type Planner } from '../edge/planner.ts'
import type { LocalPool } from '../edge/providers/local/pool.ts'
import { createClassifier } from '../edge/routing/classifier/classifier.ts'
import { resolveThresholds } from '../edge/routing/thresholds.ts'
import { createMemoryStrategyRecord, createStrategyStore } from '../edge/strategy-store.ts'
import { readInferenceConfig } from '../inference/config.ts'
import { findModel } from '../inference/models/catalogue.ts'
import { readShippedClassifier } from '../llm/shipped-classifier.ts'
import { RouterError } from '../shared/errors.ts'
import { parseMessagesRequest } from '../shared/messages.ts'
import { type JsonLine, readJsonLines } from './json-lines.ts'

const USAGE = `usage: npm run -s classify -- IN.jsonl OUT.jsonl
IN holds one request a line: {"id":1,"request":{"messages":[{"role":"user","content":"Good morning!"}]}}`
const rowSchema = z.looseObject({ id: z.union([z.string(), z.number()]), request: z.looseObject({}) })

const [input, output, ...rest] = process.argv.slice(2)
if (input === undefined || output === undefined || rest.length > 0 || input.startsWith('-')) fail(USAGE)
// Opening OUT would empty IN.
if (resolve(input) === resolve(output)) fail('IN and OUT must be two files.')

let badLines = 0
try {
  const plan = await shippedPlanner()
  await pipeline(
    readJsonLines(input),
    (lines: AsyncIterable<JsonLine>) => classifyLines(plan, lines),
    createWriteStream(output),
  )
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}
if (badLines > 0) process.exitCode = 1

/** Returns the planner of a router with this model and these settings, and Claude beside it. */
async function shippedPlanner(): Promise<Planner> {
  const settings = await readConfig({
    ALLOW_ANONYMOUS: 'true',
    ROUTER_THRESHOLD: process.env.ROUTER_THRESHOLD,
    LOCAL_TASKS: process.env.LOCAL_TASKS,
    LOCAL_LLM_ENABLED: 'true',
    LOCAL_LLM_URL: 'http://127.0.0.1',
  })
  if (!settings.ok) fail(settings.problems.join('\n'))
  const { thresholds, local } = settings.config
  const classifierModel = readShippedClassifier()
  const container = readInferenceConfig(
    { HOST: '127.0.0.1', LOCAL_MODEL_NAME: process.env.LOCAL_MODEL_NAME },
    availableParallelism(),
  )
  const known = findModel(container.modelName)
  const model = {
    name: known?.name ?? container.modelName,
    card: known?.card,
    maxInputTokens: container.maxInputTokens,
    isContainer: true,
    structuredOutputs: true,
  }
  const pool: LocalPool = {
    model: () => model,
    modelName: () => model.name,
    refresh: async () => {},
    unavailableReason: () => undefined,
    describe: () => [],
  }
  return createPlanner({
    local: pool,
    classifier: createClassifier(classifierModel),
    thresholds: resolveThresholds(classifierModel, thresholds),
    simpleToolTurns: 'strong',
    strategies: createStrategyStore(createMemoryStrategyRecord(), 'hybrid', Date.now, () => {}),
    isRouted: () => true,
    localTasks: local?.tasks ?? 'auto',
    localMaxInputTokens: undefined,
    claude: { configured: true, model: 'claude', simpleModel: 'claude' },
    sideRequestsLocal: false,
  })
}

async function* classifyLines(plan: Planner, lines: AsyncIterable<JsonLine>): AsyncGenerator<string> {
  for await (const line of lines) {
    const classified = await classifyLine(plan, line)
    if (typeof classified !== 'string') yield `${JSON.stringify(classified)}\n`
    else {
      badLines++
      console.error(`line ${line.number}: ${classified}`)
    }
  }
}

/** Returns the row, or what is wrong with the line. */
async function classifyLine(plan: Planner, line: JsonLine): Promise<object | string> {
  if (!line.ok) return 'is not JSON'
  const row = rowSchema.safeParse(line.value)
  if (!row.success) return 'is not {"id", "request"}'
  try {
    const { decision } = await plan(toRequest(row.data.request))
    const route = decision.targets[0]?.provider ?? 'claude'
    const guard = decision.guard === undefined ? {} : { guard: decision.guard }
    return { id: row.data.id, route, task: decision.task, score: decision.score, ...guard }
  } catch (error) {
    if (error instanceof RouterError) return error.message
    throw error
  }
}

function toRequest(body: Record<string, unknown>): PlannedRequest {
  return {
    view: parseMessagesRequest({ max_tokens: 256, ...body, model: 'auto' }),
    tenant: { id: 'classify', admin: false, forbid: [] },
    controls: { force: undefined, strategy: 'hybrid', cache: 'skip', privacyLocal: false },
    structured: false,
    logprobs: false,
    agentSession: false,
    waitUntil: () => {},
  }
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
