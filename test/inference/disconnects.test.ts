/** Clients that go away, over real connections: the model works for nobody whom its answer would not reach. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { expect, onTestFinished, test } from 'vitest'
import { hello, scriptedContainer } from '../support/scripted-container.ts'

async function start() {
  const { app, engine, scheduler } = scriptedContainer({
    script: { words: ['a', 'b'], hold: new Promise(() => {}) },
    maxQueue: 2,
  })
  const server = serve({
    fetch: app.fetch,
    hostname: '127.0.0.1',
    port: 0,
    overrideGlobalObjects: false,
  }) as Server
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const post = (path: string, body: unknown) => {
    const client = new AbortController()
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body), signal: client.signal }
    const answer = fetch(`http://127.0.0.1:${port}${path}`, init).then(
      () => 'answered',
      () => 'disconnected',
    )
    return { answer, disconnect: () => client.abort() }
  }
  return { engine, scheduler, post }
}

test.each([false, true])('stops the model when the client disconnects (stream: %s)', async (stream) => {
  const { engine, scheduler, post } = await start()
  const { disconnect } = post('/v1/messages', { ...hello, stream })
  await expect.poll(() => scheduler.load().running).toBe(1)
  disconnect()
  await expect.poll(() => engine.aborted()).toBe(1)
  await expect.poll(() => scheduler.load().running).toBe(0)
})

test('lets nobody wait in the queue who has disconnected', async () => {
  const { engine, scheduler, post } = await start()
  post('/v1/messages', hello)
  await expect.poll(() => scheduler.load().running).toBe(1)
  const { max_tokens: _, ...countable } = hello
  const waiting = [post('/v1/messages', hello), post('/v1/messages/count_tokens', countable)]
  await expect.poll(() => scheduler.load().queueDepth).toBe(2)
  for (const { disconnect } of waiting) disconnect()
  await expect.poll(() => scheduler.load().queueDepth).toBe(0)
  expect(engine.requests).toHaveLength(1)
})
