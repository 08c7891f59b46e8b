/**
 * The official SDKs of other languages as judges of streams, where their toolchains are: every good stream ends with its
 * finish reason, every broken one throws, and nothing of another model is heard. Stand-ins behind a real edge.
 *
 *   ROUTER_TEST_PYTHON=/path/to/python, which has the packages anthropic and openai
 *   ROUTER_TEST_GO_STREAMS=/path/to/program, which is test/clients/go, built: go build -C test/clients/go -o /path/to/program .
 */
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { canRun, type LineProgram, startLineProgram } from '../support/line-program.ts'
import { ROOT } from '../support/stack.ts'
import { COMPLEX, SIMPLE } from '../support/stack-client.ts'
import { type FaultStack, startFaultStack } from '../support/stack-faults.ts'
import type { Script } from '../support/upstream.ts'
import {
  CLAUDE_ANSWER,
  frame,
  framesUntilText,
  LOCAL_ANSWER,
  streamHead,
} from '../support/upstream-messages.ts'
import { chunk, complete, finish, hold, reset } from '../support/upstream-steps.ts'

const PYTHON = process.env.ROUTER_TEST_PYTHON ?? 'python3'
const hasPython = canRun(PYTHON, ['-c', 'import anthropic, openai'])
/** Built beforehand: compiling the SDKs takes many minutes. */
const GO_STREAMS = process.env.ROUTER_TEST_GO_STREAMS

let stack: FaultStack | undefined
beforeAll(async () => {
  if (hasPython || GO_STREAMS !== undefined) stack = await startFaultStack()
})
afterAll(() => stack?.stop())
beforeEach(() => stack?.recover())

const OVERLOADED = frame({ type: 'error', error: { type: 'overloaded_error', message: 'x' } })
const endings: readonly Script[] = [
  [finish],
  [reset],
  [complete],
  [hold],
  [chunk('event: content_block_delta\ndata: {"ty'), finish],
  [chunk(OVERLOADED), complete],
]

test.skipIf(!hasPython)(
  'F9 F31 the Python SDKs take whole streams and throw on broken ones',
  async () => {
    const program = startLineProgram(PYTHON, [join(ROOT, 'test/clients/python/streams.py'), urlOf(stack)])
    onTestFinished(program.stop)
    for (const form of ['messages.stream', 'messages.create', 'chat.completions']) await judge(program, form)
  },
  120_000,
)

test.skipIf(GO_STREAMS === undefined)(
  'F9 F31 the Go SDKs take whole streams and report broken ones',
  async () => {
    const program = startLineProgram(GO_STREAMS ?? '', [urlOf(stack)])
    onTestFinished(program.stop)
    for (const form of ['messages.stream', 'messages.create', 'chat.completions']) await judge(program, form)
  },
  120_000,
)

async function judge(program: LineProgram, form: string): Promise<void> {
  if (stack === undefined) throw new Error('The stack is not started.')
  const sides = [
    { question: SIMPLE, answer: LOCAL_ANSWER, asked: stack.container, other: stack.claude },
    { question: COMPLEX, answer: CLAUDE_ANSWER, asked: stack.claude, other: stack.container },
  ]
  for (const { question, answer, asked, other } of sides) {
    const whole = await program.ask({ form, question })
    const end = form.startsWith('chat') ? 'stop' : 'end_turn'
    expect(whole).toEqual({ heard: answer.pieces.join(''), finish: end, error: null })
    for (const ending of endings) {
      await stack.recover()
      asked.next([streamHead, chunk(framesUntilText(answer, 1)), ...ending])
      expect(await program.ask({ form, question })).toEqual({
        heard: answer.pieces[0],
        finish: null,
        error: expect.any(String),
      })
      expect([asked.hits.length, other.hits.length]).toEqual([1, 0])
    }
  }
}

function urlOf(started: FaultStack | undefined): string {
  return started?.edge.url ?? ''
}
