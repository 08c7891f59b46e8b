import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEngineProcess, type EngineProcess } from '../../inference/engine/process.ts'
import { prepareGraph } from '../../inference/models/prepare-graph.ts'
import { resolveModel, SHIPPED_DIR } from '../../inference/models/resolve.ts'

const folder = mkdtempSync(join(tmpdir(), 'shipped-'))
let engine: EngineProcess
beforeAll(async () => {
  const model = resolveModel('', { shippedDir: SHIPPED_DIR, cacheDir: folder })
  const graph = await prepareGraph(model, {
    dtype: 'int8',
    cacheDir: folder,
    availableBytes: 0,
    threads: 1,
    signal: new AbortController().signal,
  })
  engine = createEngineProcess(model, {
    graph,
    settings: { threads: 1, maxRows: 4, prefixCacheBytes: 0 },
    watchdogTimeoutMs: 30_000,
    env: process.env,
    now: () => performance.now(),
  })
  await engine.ready
})
afterAll(async () => {
  await engine.close()
  rmSync(folder, { recursive: true })
})

test('is served in int8, to several at once', () => {
  expect(engine.serving()).toMatchObject({ loop: 'batched', weights: 'int8', rows: 4 })
  expect(engine.serving()?.reason).toBeUndefined()
})

async function answer(text: string, maxTokens = 60) {
  let reply = ''
  let stopReason = ''
  const request = { turns: [{ role: 'user' as const, text }], maxTokens, stopSequences: [] }
  for await (const event of engine.generate(request, new AbortController().signal)) {
    if (event.type === 'text') reply += event.text
    else if (event.type === 'end') stopReason = event.stopReason
  }
  return { reply, stopReason }
}

test('greets, and ends its turn by itself', async () => {
  const { reply, stopReason } = await answer('Hello!')
  expect(reply).toMatch(/^(hello|hi)\b/i)
  expect(stopReason).toBe('end_turn')
})

test('summarises what it is given', async () => {
  const { reply } = await answer(
    'Summarize in one sentence: The meeting was moved to Friday because the manager is ill. Please bring your reports.',
  )
  expect(reply).toMatch(/Friday/)
})

test('reads a prompt in chunks as it reads a short one: the question at the end still counts', async () => {
  const filler = 'The weather was fine and the street was quiet that day. '.repeat(30)
  const { reply } = await answer(`${filler}\n\nSummarize the text above in one short sentence.`)
  expect(reply).toMatch(/weather|street|quiet|fine/i)
})
