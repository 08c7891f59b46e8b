/**
 * Marks for Claude's prompt cache through the Worker in workerd, asked by Anthropic's SDK and by odd bytes: what Claude is sent, and
 * the receipt that the Durable Object keeps of it.
 */
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import * as z from 'zod/mini'
import { eventually } from '../support/processes.ts'
import { COMPLETE_SETTINGS, type EdgeHarness, startEdgeHarness } from '../support/stack-harness.ts'

const MARK = '"cache_control":{"type":"ephemeral"}'
const SYSTEM = 'Answer as the help desk of a library does. '.repeat(60)
const MODEL = 'claude-sonnet-5-5'
const receipt = z.object({
  promptCache: z.object({
    decision: z.string(),
    marked: z.array(z.string()),
    prompt: z.object({ after: z.string() }),
  }),
})

let edge: EdgeHarness
beforeAll(async () => {
  edge = await startEdgeHarness(COMPLETE_SETTINGS)
})
afterAll(() => edge?.stop())
beforeEach(() => edge.forget())

test('odd bytes keep their oddities: one member is put in, once the same instructions are seen again', async () => {
  const system = `[ {"text":${JSON.stringify(SYSTEM)} ,"type" :"text"}\n]`
  const bodies = ['Wann öffnen Sie?', '図書館は何時から?', '\\ud83d\\ude00 \\u0041'].map(
    (question) =>
      ` {"max_tokens":6.4e1,"x":{"a":1.0,"a":2},"messages":[{"role":"user","content":"${question}"}] ,\t"system":${system},"model":"${MODEL}" }\n`,
  )
  for (const body of bodies) expect((await edge.post('/v1/messages', `\u{feff}${body}`)).status).toBe(200)
  const sent = edge.claude.map(({ body }) => body)
  expect(sent[0]).toBe(bodies[0])
  expect(sent.slice(1)).toEqual(bodies.slice(1).map((body) => body.replace('[ {', `[ {${MARK},`)))
})

test('Anthropic’s SDK: a conversation is marked from its second turn on, and its receipt says so', async () => {
  const client = new Anthropic({
    apiKey: 'any',
    baseURL: 'http://edge.test',
    maxRetries: 0,
    fetch: async (url, init) => {
      const { body, ...answer } = await edge.post(
        new URL(String(url)).pathname,
        String(init?.body),
        Object.fromEntries(new Headers(init?.headers)),
      )
      return new Response(body, { status: answer.status, headers: Object.fromEntries(answer.headers) })
    },
  })
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: `Summarise: ${SYSTEM}` }]
  await client.messages.create({ model: MODEL, max_tokens: 64, messages })
  messages.push({ role: 'assistant', content: 'Done.' }, { role: 'user', content: 'Shorter.' })
  const { response } = await client.messages.create({ model: MODEL, max_tokens: 64, messages }).withResponse()
  expect(edge.claude.map(({ body }) => body.startsWith(`{${MARK},`))).toEqual([false, true])
  expect(response.headers.get('x-router-prompt-cache')).toBe('added')
  const address = `/v1/router/requests/${response.headers.get('x-router-request-id')}`
  const kept = await eventually('a receipt', async () => {
    const answer = await edge.request('GET', address)
    return answer.status === 200 && answer
  })
  expect(receipt.parse(JSON.parse(kept.body)).promptCache).toMatchObject({
    decision: 'added',
    marked: ['conversation'],
  })
})
