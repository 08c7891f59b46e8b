/**
 * The contract of local servers on each kind: our own container, a foreign server of the Messages API, and servers of
 * OpenAI's API with the wire formats of llama.cpp, Ollama and vLLM.
 */
import type { AddressInfo } from 'node:net'
import { type ServerType, serve } from '@hono/node-server'
import { expect, test } from 'vitest'
import { createApp } from '../../inference/app.ts'
import type { ServiceStatus } from '../../inference/http/context.ts'
import { createJudgements } from '../../inference/serving/judgements.ts'
import { createMetrics } from '../../inference/serving/metrics.ts'
import { RouterError } from '../../shared/errors.ts'
import { framesOf, localMessage } from '../support/edge/messages.ts'
import { ask, createTestRouter } from '../support/edge/router.ts'
import { createOneRowScheduler } from '../support/one-row-scheduler.ts'
import { createScriptedEngine, type Script as EngineScript } from '../support/scripted-engine.ts'
import { type Script, startUpstream } from '../support/upstream.ts'
import { stream } from '../support/upstream-messages.ts'
import { finish, respond } from '../support/upstream-steps.ts'
import { describeLocalServer, type LocalServer } from './local-server.ts'
import { chatStream, OPENAI_DIALECTS, type OpenAiDialect } from './openai-dialects.ts'

const PIECES = ['Good', ' morning', ' to you.']
const TEXT = PIECES.join('')
const SECRET = 'shared-secret-0123456789'

describeLocalServer('our container', startOwn)
describeLocalServer('a foreign Messages server', startForeignMessages)
for (const dialect of OPENAI_DIALECTS) describeLocalServer(dialect.name, () => startOpenAi(dialect))

test('our container says through the router why it cannot serve a request', async () => {
  const server = await startOwn()
  try {
    const router = await createTestRouter({ LOCAL_LLM_URL: server.url, ...server.settings }, { fetch })
    const stops = Array.from({ length: 20 }, (_, at) => `stop ${at}`)
    for (const [fields, reason] of [
      [{ temperature: 3 }, 'temperature: must be from 0 to 2'],
      [{ stop_sequences: stops }, 'stop_sequences: must be at most'],
      [{ stop_sequences: ['\n'] }, 'stop_sequences.0: must hold more than white space'],
    ] as const)
      for (const stream of [false, true]) {
        const response = await router.post(ask('Hello!', { model: 'local', stream, ...fields }), {
          'x-router-force': 'local',
        })
        expect(response.status).toBe(400)
        expect(await response.text()).toContain(reason)
      }
    const chat = ask('Hello!', { model: 'local', stop: stops })
    const response = await router.post(chat, {}, { path: '/v1/chat/completions' })
    expect(response.status).toBe(400)
    expect(JSON.parse(await response.text()).error).toMatchObject({
      param: 'stop',
      message: expect.stringContaining('must be at most'),
    })
  } finally {
    await server.close()
  }
})

async function startOwn(): Promise<LocalServer> {
  let status: ServiceStatus = 'ready'
  let engine = createScriptedEngine({ words: PIECES })
  let busy = false
  const asked: Record<string, unknown>[] = []
  const restart = (script: EngineScript) => {
    engine = createScriptedEngine(script)
  }
  const scheduler = createOneRowScheduler(1)
  const app = createApp({
    engine: () => engine,
    status: () => status,
    limits: () => ({ maxInputTokens: 1_000, maxOutputTokens: 200 }),
    scheduler: {
      ...scheduler,
      acquire(...given) {
        if (busy) throw new RouterError('overloaded', 'Full.', { retryAfterMs: 1_000, status: 429 })
        return scheduler.acquire(...given)
      },
    },
    judgements: createJudgements(),
    metrics: createMetrics(scheduler.load),
    secret: SECRET,
    log: () => {},
    now: () => performance.now(),
    newId: () => crypto.randomUUID().replaceAll('-', ''),
    startedAt: new Date(0),
  })
  const server = serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request: Request) {
      if (request.method === 'POST') asked.push(await request.clone().json())
      return app.fetch(request)
    },
  })
  await new Promise<void>((settle) => server.once('listening', () => settle()))
  return {
    url: addressOf(server),
    text: TEXT,
    model: 'scripted',
    settings: { LOCAL_LLM_SECRET: SECRET },
    fail(how) {
      if (how === 'busy') busy = true
      else if (how === 'loading') status = 'loading'
      else
        restart({ words: how === 'error' ? [] : PIECES.slice(0, 2), failure: new Error('the engine broke') })
    },
    think: () => restart({ words: ['<thi', 'nk>\npondering', '\n</think>\n\n', ...PIECES] }),
    asked: () => asked,
    reset() {
      busy = false
      status = 'ready'
      asked.length = 0
      restart({ words: PIECES })
    },
    close: () => new Promise((settle) => void server.close(() => settle())),
  }
}

function startForeignMessages(): Promise<LocalServer> {
  const frames = framesOf(localMessage({ model: 'foreign', content: [{ type: 'text', text: TEXT }] }))
  return startForeign({
    path: '/v1/messages',
    // It has no /readyz.
    other: respondByPath({ '/v1/models': JSON.stringify({ data: [{ type: 'model', id: 'foreign' }] }) }),
    usual: stream(frames),
    thinking: stream(
      framesOf(
        localMessage({
          model: 'foreign',
          content: [
            { type: 'thinking', thinking: 'pondering', signature: 's' },
            { type: 'text', text: TEXT },
          ],
        }),
      ),
    ),
    unfinished: [...stream(frames.slice(0, 4)).slice(0, -1), finish],
    model: 'foreign',
    settings: {},
    loading: JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message: 'loading' } }),
  })
}

function startOpenAi(dialect: OpenAiDialect): Promise<LocalServer> {
  const whole = dialect.answer(PIECES)
  return startForeign({
    path: '/v1/chat/completions',
    other: respondByPath({ '/v1/models': dialect.models }),
    usual: chatStream(whole),
    thinking: chatStream([dialect.thought, ...whole]),
    // Neither a finish reason nor [DONE].
    unfinished: [...chatStream(whole.slice(0, 2)).slice(0, -2), finish],
    model: dialect.configuredModel ?? dialect.model,
    settings: {
      LOCAL_LLM_PROTOCOL: 'openai',
      ...(dialect.configuredModel === undefined ? {} : { LOCAL_LLM_MODEL: dialect.configuredModel }),
    },
    loading: dialect.loading,
    suffix: '/v1',
  })
}

type Foreign = {
  readonly path: string
  readonly other: Script
  readonly usual: Script
  readonly unfinished: Script
  readonly thinking: Script
  readonly model: string
  readonly settings: Readonly<Record<string, string>>
  /** The body of its 503. */
  readonly loading: string
  /** What users append to the address. */
  readonly suffix?: string
}

async function startForeign({
  path,
  other,
  usual,
  model,
  settings,
  ...scripts
}: Foreign): Promise<LocalServer> {
  const upstream = await startUpstream({ path, usual, other })
  return {
    url: upstream.url,
    text: TEXT,
    model,
    settings: { LOCAL_LLM_URL: `${upstream.url}${scripts.suffix ?? ''}`, LOCAL_LLM_SECRET: '', ...settings },
    fail(how) {
      if (how === 'busy') upstream.next(respond(429, '{"error":{"message":"full"}}'))
      else if (how === 'loading') upstream.next(respond(503, scripts.loading))
      else if (how === 'error') upstream.next(respond(500, '{"error":{"message":"CUDA out of memory"}}'))
      else upstream.next(scripts.unfinished)
    },
    think: () => upstream.next(scripts.thinking),
    asked: () => upstream.hits.map(({ body }) => JSON.parse(body.toString())),
    reset: upstream.reset,
    close: upstream.close,
  }
}

/** Answers known paths, and the rest with 404 as a foreign server does. */
function respondByPath(bodies: Readonly<Record<string, string>>): Script {
  return [
    async (exchange) => {
      const body = bodies[exchange.hit.path]
      const script =
        body === undefined ? respond(404, '{"error":{"message":"Not Found"}}') : respond(200, body)
      for (const step of script) await step(exchange)
    },
  ]
}

function addressOf(server: ServerType): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
