import { expect, test } from 'vitest'
import { createEngineProcess, type EngineProcessOptions } from '../../../inference/engine/process.ts'
import type { ResolvedModel } from '../../../inference/models/resolve.ts'
import { tinyModel } from '../../contract/engine.ts'
import { UNPREPARED } from '../../support/unprepared-graph.ts'

const never = new AbortController().signal
const long = { turns: [{ role: 'user' as const, text: 'hello world' }], maxTokens: 450, stopSequences: [] }

function start(model: ResolvedModel = tinyModel('tiny-llama'), more: Partial<EngineProcessOptions> = {}) {
  const lost = Promise.withResolvers<string>()
  const engine = createEngineProcess(model, {
    graph: UNPREPARED,
    settings: { threads: 1, maxRows: 4, prefixCacheBytes: 0 },
    watchdogTimeoutMs: 20_000,
    env: process.env,
    now: () => performance.now(),
    onRestart: (reason) => lost.resolve(reason),
    ...more,
  })
  return { engine, lost: lost.promise }
}

/** Sends a signal to the child once it is writing, and returns how the generation ends. */
async function signalWhileWriting(engine: ReturnType<typeof start>['engine'], signal: NodeJS.Signals) {
  for await (const event of engine.generate(long, never))
    if (event.type === 'text') process.kill(engine.pid() ?? 0, signal)
}

test('fails running requests when the child is killed, and serves again', async () => {
  const { engine, lost } = start()
  await engine.ready
  await expect(signalWhileWriting(engine, 'SIGKILL')).rejects.toMatchObject({ code: 'unavailable' })
  expect(await lost).toBe('exited')
  expect(engine.status()).toBe('restarting')
  await expect.poll(() => engine.status(), { timeout: 20_000 }).toBe('ready')
  expect(await engine.countTokens(long)).toBe(5)
  expect(engine.restarts()).toBe(1)
  await engine.close()
})

test('replaces a child that no longer answers', async () => {
  const { engine, lost } = start(tinyModel('tiny-llama'), { watchdogTimeoutMs: 1000 })
  await engine.ready
  await expect(signalWhileWriting(engine, 'SIGSTOP')).rejects.toMatchObject({ code: 'unavailable' })
  expect(await lost).toBe('unresponsive')
  await expect.poll(() => engine.status(), { timeout: 20_000 }).toBe('ready')
  await engine.close()
})

test('refuses requests before the model is ready, and after it was closed', async () => {
  const { engine } = start()
  expect(() => engine.countTokens(long)).toThrow(/loading/)
  await engine.ready
  await engine.close()
  expect(() => engine.countTokens(long)).toThrow(/shut down/)
  expect(engine.pid()).toBeUndefined()
})

test('a model that cannot be loaded is a setting to change, and is not tried again', async () => {
  const model = { ...tinyModel('tiny-llama'), modelFileName: 'absent' }
  const { engine } = start(model)
  await expect(engine.ready).rejects.toMatchObject({
    code: 'configuration',
    message: expect.stringContaining('could not be loaded'),
  })
  expect(engine.status()).toBe('failed')
  expect(engine.restarts()).toBe(0)
  await engine.close()
})
