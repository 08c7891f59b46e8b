/**
 * Classifies a file of requests by the router's own planner under `hybrid`; nothing is called.
 *
 *   npm run -s classify -- IN.jsonl OUT.jsonl [--judge]
 *
 * IN: {"id","request"} a line, a Messages request (model and max_tokens may be missing).
 * OUT: {"id","route":"local"|"claude","task","score","guard"?} a line, with the model card of the shipped model or of
 * LOCAL_MODEL_NAME. ROUTER_THRESHOLD, JUDGE_THRESHOLD and LOCAL_TASKS count as on the edge. A bad line is named and left out.
 * --judge: the shipped model's judge, or that of JUDGE_MODEL, reads each request; "judgeScore" is what it says, "score" that of
 * both, and it decides the route where the edge is unsure.
 */
import { createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import * as z from 'zod'
import type { Planner } from '../edge/planner.ts'
import { combineScores } from '../edge/routing/second-look/combination.ts'
import { RouterError } from '../shared/errors.ts'
import { type JsonLine, readJsonLines } from './json-lines.ts'
import { type OfflineJudge, openOfflineJudge } from './offline-judge.ts'
import { createOfflinePlanner, createOfflineRequest } from './offline-planner.ts'

const USAGE = `usage: npm run -s classify -- IN.jsonl OUT.jsonl [--judge]
IN holds one request a line: {"id":1,"request":{"messages":[{"role":"user","content":"Good morning!"}]}}`
const rowSchema = z.looseObject({ id: z.union([z.string(), z.number()]), request: z.looseObject({}) })

const isJudged = process.argv.includes('--judge')
const [input, output, ...rest] = process.argv.slice(2).filter((argument) => argument !== '--judge')
if (input === undefined || output === undefined || rest.length > 0 || input.startsWith('-')) fail(USAGE)
// Opening OUT would empty IN.
if (resolve(input) === resolve(output)) fail('IN and OUT must be two files.')

let badLines = 0
try {
  const { ROUTER_THRESHOLD, JUDGE_THRESHOLD, LOCAL_TASKS, LOCAL_MODEL_NAME } = process.env
  const plan = await createOfflinePlanner(
    { LLM_STRATEGY: 'hybrid', ROUTER_THRESHOLD, JUDGE_THRESHOLD, LOCAL_TASKS, LOCAL_MODEL_NAME },
    isJudged,
  )
  const judge = isJudged ? await openOfflineJudge(process.env) : undefined
  await pipeline(
    readJsonLines(input),
    (lines: AsyncIterable<JsonLine>) => classifyLines({ plan, judge }, lines),
    createWriteStream(output),
  )
  await judge?.dispose()
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}
if (badLines > 0) process.exitCode = 1

type Deciders = { readonly plan: Planner; readonly judge: OfflineJudge | undefined }

async function* classifyLines(deciders: Deciders, lines: AsyncIterable<JsonLine>): AsyncGenerator<string> {
  for await (const line of lines) {
    const classified = await classifyLine(deciders, line)
    if (typeof classified !== 'string') yield `${JSON.stringify(classified)}\n`
    else {
      badLines++
      console.error(`line ${line.number}: ${classified}`)
    }
  }
}

/** Returns the row, or what is wrong with the line. */
async function classifyLine({ plan, judge }: Deciders, line: JsonLine): Promise<object | string> {
  if (!line.ok) return 'is not JSON'
  const row = rowSchema.safeParse(line.value)
  if (!row.success) return 'is not {"id", "request"}'
  try {
    const request = createOfflineRequest({ ...row.data.request, model: 'auto' })
    const { task, score, guard, targets } = (await plan(request)).decision
    const judgeScore = await judge?.score(request.view)
    const [target] = targets
    const isDeclined =
      target?.judgeThreshold !== undefined &&
      (judgeScore === undefined || judgeScore >= target.judgeThreshold)
    return {
      id: row.data.id,
      route: isDeclined ? 'claude' : (target?.provider ?? 'claude'),
      task,
      score: judgeScore === undefined ? score : combineScores(score, judgeScore),
      judgeScore,
      guard,
    }
  } catch (error) {
    if (error instanceof RouterError) return error.message
    throw error
  }
}

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
