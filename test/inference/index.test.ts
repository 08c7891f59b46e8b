import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { serveModelHub } from '../support/model-hub.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const ENTRY = join(import.meta.dirname, '../../inference/index.ts')
const TINY = join(import.meta.dirname, '../fixtures/models/tiny-llama')
const started: ChildProcess[] = []
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

function start(settings: Record<string, string>) {
  const { PATH } = process.env
  const env = {
    PATH,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_FORMAT: 'text',
    LOCAL_MODEL_NAME: TINY,
    JUDGE_MODEL: 'off',
    ...settings,
  }
  const child = spawn(process.execPath, [ENTRY], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  const lines: string[] = []
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (text) => {
      lines.push(text)
      for (const listener of listeners) listener()
    })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const line = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        for (const text of lines) {
          const match = pattern.exec(text)
          if (match) {
            listeners.delete(look)
            resolve(match)
          }
        }
      }
      listeners.add(look)
      void exited.then(() => reject(new Error(`ended without ${pattern}: ${lines.join('\n')}`)))
      look()
    })
  const url = async () => `http://127.0.0.1:${(await line(/Listening .*port=(\d+)/))[1]}`
  return { child, lines, line, url, exited }
}

const ask = (more: object) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    model: 'auto',
    max_tokens: 5,
    messages: [{ role: 'user', content: 'Hi' }],
    ...more,
  }),
})

test('listens at once, says when the model is ready, and answers', async () => {
  const { url, line } = start({})
  const base = await url()
  expect((await fetch(`${base}/healthz`)).status).toBe(200)
  await line(/^\[LocalLLM\] Model initialized successfully model=tiny-llama initTime=\d+ms$/)
  expect((await fetch(`${base}/readyz`)).status).toBe(200)
  const response = await fetch(`${base}/v1/messages`, ask({}))
  expect(await response.json()).toMatchObject({ model: 'tiny-llama', usage: { output_tokens: 5 } })
})

test('finishes what it is writing on SIGTERM, turns others away meanwhile, and exits with 0', async () => {
  const { child, url, line, exited } = start({ MAX_OUTPUT_TOKENS: '200' })
  const base = await url()
  await line(/Model initialized/)
  const running = await fetch(`${base}/v1/messages`, ask({ stream: true, max_tokens: 200 }))
  child.kill('SIGTERM')
  await line(/Shutting down/)
  expect(await running.text()).toContain('message_stop')
  expect(await exited).toBe(0)
})

test('takes the model’s process along when it is killed itself', async () => {
  const { child, line } = start({})
  await line(/Model initialized/)
  child.kill('SIGKILL')
  // The child holds these pipes too: they end only when it is gone as well.
  await Promise.all([once(child, 'close')])
  expect(child.stdout?.readableEnded || child.stdout?.destroyed).toBe(true)
})

test('downloads the model that it is told to use', async () => {
  const hub = await serveModelHub({ 'owner/tiny': TINY })
  const { line } = start({
    LOCAL_MODEL_NAME: 'owner/tiny',
    MODEL_HUB_URL: hub.url,
    MODEL_CACHE_DIR: temporaryFolder(),
  })
  await line(/Downloading model model=owner\/tiny/)
  await line(/Model initialized successfully model=owner\/tiny/)
  await hub.close()
})

test('says what to change and exits with 1 when it cannot start', async () => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  const taken = String((blocker.address() as AddressInfo).port)
  for (const [settings, text] of [
    [{ PORT: taken }, /Port \d+ is in use already.*set PORT/],
    [{ HOST: '0.0.0.0' }, /LOCAL_LLM_SECRET is not set/],
    [{ LOCAL_MODEL_NAME: 'phi-2' }, /Phi-3-mini-4k-instruct/],
    [{ LOCAL_MODEL_DTYPE: 'q4' }, /it has fp32/],
  ] as const) {
    const { exited, lines } = start(settings)
    expect(await exited).toBe(1)
    expect(lines.join('\n')).toMatch(text)
    expect(lines.join('\n')).not.toMatch(/^\s+at /m)
  }
  blocker.close()
})
