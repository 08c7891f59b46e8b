/** The container's application around a scripted engine: one slot, small limits, log lines kept. */
import { createApp } from '../../inference/app.ts'
import type { AppDeps } from '../../inference/http/context.ts'
import { createJudgements } from '../../inference/serving/judgements.ts'
import { createMetrics } from '../../inference/serving/metrics.ts'
import { createOneRowScheduler } from './one-row-scheduler.ts'
import { createScriptedEngine, type Script } from './scripted-engine.ts'

type Given = Partial<AppDeps> & { readonly script?: Script; readonly maxQueue?: number }

/** Returns the application and what stands around it. */
export function scriptedContainer({
  script = { words: ['Hello', ' ', 'there'] },
  maxQueue = 1,
  ...more
}: Given = {}) {
  const engine = createScriptedEngine(script)
  const scheduler = createOneRowScheduler(maxQueue)
  const lines: string[] = []
  let ids = 0
  const app = createApp({
    engine: () => engine,
    status: () => 'ready',
    limits: () => ({ maxInputTokens: 10, maxOutputTokens: 8 }),
    scheduler,
    judgements: createJudgements(),
    metrics: createMetrics(scheduler.load),
    secret: undefined,
    log: (message, fields) => void lines.push(`${message} ${JSON.stringify(fields)}`),
    now: () => performance.now(),
    newId: () => `id${++ids}`,
    startedAt: new Date(0),
    ...more,
  })
  const post = (body: unknown, headers: Record<string, string> = {}, path = '/v1/messages') =>
    app.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  return { app, engine, scheduler, lines, post }
}

/** A request that can be answered. */
export const hello = { model: 'auto', max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] }
