/** The model's process lost in the middle of many answers: every client is told at once, and the next one is answered. */
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readInferenceConfig } from '../../inference/config.ts'
import { createEngineProcess, type EngineProcess } from '../../inference/engine/process.ts'
import { createModelService } from '../../inference/service.ts'
import { UNPREPARED } from '../support/unprepared-graph.ts'

const STAND_IN = join(import.meta.dirname, 'engine/stand-ins/child.ts')
const TINY = join(import.meta.dirname, '../fixtures/models/tiny-llama')

/** A container without a port; `childModule` undefined: with the real process of a tiny model. */
async function start(childModule: string | undefined) {
  const config = {
    ...readInferenceConfig(
      { HOST: '127.0.0.1', LOCAL_MODEL_NAME: TINY, NUM_THREADS: '1', JUDGE_MODEL: 'off' },
      2,
    ),
    watchdogTimeoutMs: 1000,
  }
  const reasons: string[] = []
  const service = createModelService({
    config,
    env: process.env,
    log: () => {},
    now: () => performance.now(),
    fetch,
    status: () => {
      const own = service.engine()?.status() ?? 'loading'
      return own === 'closed' ? 'draining' : own
    },
    secret: undefined,
    startEngine: (model): EngineProcess =>
      createEngineProcess(model, {
        graph: UNPREPARED,
        settings: { threads: 1, maxRows: 8, prefixCacheBytes: 0 },
        watchdogTimeoutMs: childModule ? config.watchdogTimeoutMs : 20_000,
        env: process.env,
        now: () => performance.now(),
        onRestart: (reason) => reasons.push(reason),
        childModule,
      }),
  })
  onTestFinished(async () => void (await service.engine()?.close()))
  await service.load(new AbortController().signal)
  const ask = async (text: string, stream = true) =>
    await service.app.request('http://localhost/v1/messages', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'auto',
        max_tokens: 200,
        stream,
        messages: [{ role: 'user', content: text }],
      }),
    })
  const ready = () => expect.poll(() => service.engine()?.status()).toBe('ready')
  return { service, reasons, ask, ready }
}

/** How a stream ended: its last event, or the status of what was no stream. */
async function endOf(response: Response): Promise<string> {
  const text = await response.text()
  if (response.status !== 200) return String(response.status)
  const last = text.trim().split('\n').at(-1)?.replace('data: ', '') ?? ''
  const { type, error } = JSON.parse(last) as { type: string; error?: { code: string } }
  return error?.code ?? type
}

test('F18 tells every client of a killed process, and answers again', async () => {
  const { service, reasons, ask, ready } = await start(undefined)
  const streams = Array.from({ length: 4 }, () => ask('hello world'))
  const first = await Promise.race(streams)
  process.kill(service.engine()?.pid() ?? 0, 'SIGKILL')
  const ends = await Promise.all(streams.map(async (stream) => endOf(await stream)))
  expect(first.status).toBe(200)
  for (const end of ends) expect(['unavailable', '503']).toContain(end)
  expect(reasons).toEqual(['exited'])
  expect((await ask('hello world')).status).toBe(503)
  await ready()
  expect(await endOf(await ask('hello world'))).toBe('message_stop')
})

test.each([
  ['hangs in a step', 'hang', 'unresponsive'],
  ['is killed for its memory', 'exhaust', 'exited'],
  ['ends by itself for want of memory', 'exit', 'exited'],
])(
  'tells all streams and whoever waits for JSON when the process %s, and answers again',
  async (_how, deed, reason) => {
    const { service, reasons, ask, ready } = await start(STAND_IN)
    const streams = await Promise.all(Array.from({ length: 4 }, () => ask('write')))
    const json = ask('write', false)
    await expect.poll(() => service.scheduler.load().running).toBe(5)
    const fatal = ask(deed)
    expect((await json).status).toBe(503)
    expect((await json).headers.get('retry-after')).toBe('1')
    for (const stream of [...streams, await fatal]) expect(await endOf(stream)).toBe('unavailable')
    expect(service.scheduler.load()).toMatchObject({ running: 0, queueDepth: 0 })
    expect(reasons).toEqual([reason])
    await ready()
    expect(await endOf(await ask('answer'))).toBe('message_stop')
  },
)
