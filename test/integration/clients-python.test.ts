/**
 * OpenAI's Python SDK over the Responses API, where this machine has it (`pip install openai`; PYTHON names another
 * interpreter than python3). The router is in this process, on a real socket.
 */
import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { serve } from '@hono/node-server'
import { expect, test } from 'vitest'
import { ALICE_KEY, COMPLEX_PROMPT } from '../support/edge/canaries.ts'
import { claudeMessage } from '../support/edge/messages.ts'
import { createTestRouter } from '../support/edge/router.ts'
import { answerNonStreaming, claude } from '../support/edge/upstreams.ts'
import { ROOT } from '../support/stack.ts'

const PYTHON = process.env.PYTHON ?? 'python3'
const HAS_SDK = spawnSync(PYTHON, ['-c', 'import openai']).status === 0
const NAME = 'Python’s SDK creates, goes on, streams, parses and reads'

test.skipIf(!HAS_SDK)(HAS_SDK ? NAME : `${NAME} (skipped: no openai for ${PYTHON} here)`, async () => {
  const router = await createTestRouter({ LLM_STRATEGY: 'claude_only', CACHE_TTL_SECONDS: '0' })
  const text = '{"city":"Oslo"}'
  claude.answer(answerNonStreaming(claudeMessage({ content: [{ type: 'text', text }] })))
  const port = await new Promise<number>((settle) => {
    const server = serve({ fetch: router.fetch, hostname: '127.0.0.1', port: 0 }, (address) => {
      settle(address.port)
    })
    server.unref()
  })
  const program = join(ROOT, 'test/clients/openai-python.py')
  const { stdout } = await promisify(execFile)(PYTHON, [
    program,
    `http://127.0.0.1:${port}`,
    ALICE_KEY,
    COMPLEX_PROMPT,
  ])
  expect(JSON.parse(stdout)).toEqual({
    created: text,
    status: 'completed',
    tokens: 19,
    previous: true,
    streamed: text,
    last: 'response.completed',
    parsed: { city: 'Oslo' },
    kept: text,
  })
})
