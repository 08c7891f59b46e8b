/**
 * Classifies a file of requests by the router's own decision under `hybrid`; nothing is called.
 *
 *   npm run -s classify -- IN.jsonl OUT.jsonl
 *
 * IN: {"id","request"} a line, a Messages request (model and max_tokens may be missing).
 * OUT: {"id","route":"local"|"claude","task","score"} a line. ROUTER_THRESHOLD and LOCAL_TASKS count as on the edge.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import * as z from 'zod'
import { readConfig } from '../edge/config.ts'
import { createClassifier } from '../edge/routing/classifier.ts'
import { decide } from '../edge/routing/decide.ts'
import { extractFeatures } from '../edge/routing/features.ts'
import { parseMessagesRequest } from '../shared/messages.ts'
import { SIMPLE_TASKS } from '../shared/tasks.ts'

const USAGE = 'usage: npm run -s classify -- IN.jsonl OUT.jsonl'
/** The shipped container's own limit; a longer request goes to Claude. */
const MAX_INPUT_TOKENS = 1_024

const rowSchema = z.looseObject({ id: z.union([z.string(), z.number()]), request: z.looseObject({}) })

const [input, output, ...rest] = process.argv.slice(2)
if (input === undefined || output === undefined || rest.length > 0 || input.startsWith('-')) fail(USAGE)
// Opening OUT would empty IN.
if (resolve(input) === resolve(output)) fail('IN and OUT must be two files.')

const settings = await readConfig({
  ALLOW_ANONYMOUS: 'true',
  ROUTER_THRESHOLD: process.env.ROUTER_THRESHOLD,
  LOCAL_TASKS: process.env.LOCAL_TASKS,
  LOCAL_LLM_ENABLED: 'true',
  LOCAL_LLM_URL: 'http://127.0.0.1',
})
if (!settings.ok) fail(settings.problems.join('\n'))
const classify = createClassifier(settings.config.threshold)
const trusted = settings.config.local?.tasks ?? 'auto'
const tasks = trusted === 'auto' ? SIMPLE_TASKS : trusted

try {
  await pipeline(readLines(input), classifyLines, createWriteStream(output))
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}

function readLines(path: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
}

async function* classifyLines(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let number = 0
  for await (const line of lines) {
    number++
    if (line.trim() === '') continue
    yield `${JSON.stringify(classifyLine(line, number))}\n`
  }
}

function classifyLine(line: string, number: number): unknown {
  let row: z.infer<typeof rowSchema>
  try {
    row = rowSchema.parse(JSON.parse(line))
  } catch {
    throw new Error(`line ${number} is not {"id", "request"}`)
  }
  let request: ReturnType<typeof parseMessagesRequest>
  try {
    request = parseMessagesRequest({ model: 'auto', max_tokens: 256, ...row.request })
  } catch (error) {
    throw new Error(`line ${number}: ${error instanceof Error ? error.message : 'the request is not valid'}`)
  }
  const features = extractFeatures(request)
  const verdict = classify(features)
  const decision = decide(features, verdict, {
    strategy: 'hybrid',
    requestedModel: 'auto',
    routed: true,
    force: undefined,
    mayForce: true,
    privacyLocal: false,
    staysWithSession: false,
    localOnlyFeature: undefined,
    local: { model: 'local', tasks, maxInputTokens: MAX_INPUT_TOKENS, englishOnly: false, isSmall: false },
    claude: { configured: true, model: 'claude', simpleModel: 'claude' },
  })
  const route = decision.targets[0]?.provider ?? 'claude'
  return { id: row.id, route, task: verdict.task, score: verdict.score }
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
