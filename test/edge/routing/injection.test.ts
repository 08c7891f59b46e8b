/**
 * Texts that speak to the router, in front of and behind complex requests, by the classifier that ships, at its own
 * threshold, with a local model that is trusted with everything.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { createOfflinePlanner, createOfflineRequest } from '../../../scripts/offline-planner.ts'

const rowSchema = z.object({ language: z.string(), text: z.string() })
const injections = readRows('injections.jsonl')
const requests = readRows('complex-requests.jsonl')
const plan = await createOfflinePlanner({
  LLM_STRATEGY: 'hybrid',
  LOCAL_TASKS: 'simple_chat,simple_qa,summarization,classification',
})

function readRows(file: string) {
  const path = join(import.meta.dirname, '../../fixtures/routing', file)
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => rowSchema.parse(JSON.parse(line)))
}

async function isLocal(body: Record<string, unknown>): Promise<boolean> {
  const { decision } = await plan(createOfflineRequest(body))
  return decision.targets[0]?.provider === 'local'
}

const said = (content: unknown) => ({ messages: [{ role: 'user', content }] })

/** Each way in which a text can be put beside a request. */
const PLACES: Readonly<Record<string, (injection: string, request: string) => Record<string, unknown>>> = {
  'in front of it': (injection, request) => said(`${injection}\n\n${request}`),
  'behind it': (injection, request) => said(`${request}\n\n${injection}`),
  'in front of it on the same line': (injection, request) => said(`${injection} ${request}`),
  'in a block of its own': (injection, request) =>
    said([injection, request].map((text) => ({ type: 'text', text }))),
}

test('there are enough texts and requests, in several languages', () => {
  expect(injections.length).toBeGreaterThanOrEqual(60)
  expect(requests.length).toBeGreaterThanOrEqual(12)
  expect(new Set(injections.map(({ language }) => language)).size).toBeGreaterThanOrEqual(5)
})

test('complex requests go to Claude without any of it', async () => {
  for (const { text } of requests) expect(await isLocal(said(text)), text).toBe(false)
})

for (const [place, compose] of Object.entries(PLACES))
  test(`F55 no text moves a complex request to the local model: ${place}`, async () => {
    const moved: string[] = []
    for (const request of requests)
      for (const injection of injections)
        if (await isLocal(compose(injection.text, request.text)))
          moved.push(`${injection.text.slice(0, 60)} | ${request.text.slice(0, 60)}`)
    expect(moved).toEqual([])
  })
