/** Two targets at once, in every order of what may happen: one answer at most, and nothing left open. */
import { getEventListeners } from 'node:events'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAttemptRecord } from '../../../edge/fallback/attempts.ts'
import { closesWith } from '../../../edge/fallback/commit.ts'
import { raceHedged } from '../../../edge/fallback/hedge.ts'
import type { Answer, AnswerChunk } from '../../../edge/providers/provider.ts'
import type { RouterRequest } from '../../../edge/request.ts'
import type { Target } from '../../../edge/target.ts'
import { RouterError } from '../../../shared/errors.ts'
import { claudeMessage } from '../../support/edge/messages.ts'
import { routerRequest } from '../../support/edge/requests.ts'

const LOCAL: Target = { provider: 'local', model: 'tiny-model' }
const CLAUDE: Target = { provider: 'claude', model: 'claude-haiku-5-5' }

/** One of the two, played: it does what it is told, and what a provider does when its signal is aborted. */
function entrantOf(target: Target, record = createAttemptRecord(), { deaf = false } = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const part = record.begin(target, { isFallback: target === CLAUDE, isLast: target === CLAUDE })
  const state = { asked: 0, aborted: false, closed: false, answered: false, ended: false }
  /** It does nothing before it is asked, and one thing after. */
  const once = (act: () => void) => () => {
    if (state.asked === 0 || state.ended) return
    state.ended = true
    act()
  }
  const answerStream = (): Answer => {
    async function* none(): AsyncGenerator<AnswerChunk> {}
    const chunks = closesWith(none(), () => {
      state.closed = true
    })
    return { target, status: 200, headers: {}, body: { kind: 'stream', chunks } }
  }
  const failedAttempt = (cause: 'error' | 'overloaded') => {
    if (target === CLAUDE) part.context.onFailedAttempt({ cause, model: target.model, usage: undefined })
  }
  return {
    state,
    entrant: {
      record: part,
      open(request: RouterRequest) {
        state.asked++
        part.context.onAttempt()
        const hangUp = once(() => {
          failedAttempt('error')
          reject(new RouterError('cancelled', 'The client closed the connection.'))
        })
        const abort = () => {
          state.aborted = true
          if (!deaf) hangUp()
        }
        if (request.signal.aborted) abort()
        else request.signal.addEventListener('abort', abort, { once: true })
        return promise
      },
    },
    answer: once(() => {
      state.answered = true
      resolve(answerStream())
    }),
    refuse: once(() => {
      failedAttempt('overloaded')
      resolve({
        target,
        status: 529,
        headers: {},
        body: { kind: 'non_streaming', bytes: new Uint8Array(), message: undefined },
      })
    }),
    fail: (code: 'timeout' | 'invalid_request') =>
      once(() => {
        failedAttempt('error')
        reject(new RouterError(code, 'failed'))
      })(),
  }
}

type Events = readonly (
  | 'delay'
  | 'content'
  | 'leave'
  | `${'local' | 'claude'} ${'answers' | 'fails' | 'ends'}`
  | 'claude refuses'
)[]

async function play(events: Events, { mayStart = true, deaf = false, flush = true } = {}) {
  const record = createAttemptRecord()
  const local = entrantOf(LOCAL, record, { deaf })
  const claude = entrantOf(CLAUDE, record, { deaf })
  const client = new AbortController()
  const content = Promise.withResolvers<void>()
  let ring = () => {}
  let asks = 0
  const running = raceHedged(routerRequest(undefined, { signal: client.signal }), {
    first: local.entrant,
    second: claude.entrant,
    delayMs: 1_000,
    content: content.promise,
    mayStart: () => asks++ === 0 && mayStart,
    setTimer(run) {
      ring = run
      return () => {
        ring = () => {}
      }
    },
  })
  const acts: Record<Events[number], () => void> = {
    delay: () => ring(),
    content: () => content.resolve(),
    leave: () => client.abort(),
    'local answers': local.answer,
    'local fails': () => local.fail('timeout'),
    'local ends': () => local.fail('invalid_request'),
    'claude answers': claude.answer,
    'claude fails': () => claude.fail('timeout'),
    'claude ends': () => claude.fail('invalid_request'),
    'claude refuses': claude.refuse,
  }
  for (const event of events) {
    acts[event]()
    if (flush) await nextTask()
  }
  await nextTask()
  const atOnce = await Promise.race([running, nextTask()])
  const left = [local.state, claude.state].filter(
    ({ asked, aborted, ended }) => asked > 0 && !aborted && !ended,
  )
  // Whatever is still running ends with the client's patience.
  client.abort()
  if (deaf) {
    local.fail('timeout')
    claude.fail('timeout')
  }
  const result = await running
  await nextTask()
  return { result, atOnce, left, local: local.state, claude: claude.state, asks, facts: record.facts() }
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}

test('the first alone answers where it has content in time, and the second is never asked', async () => {
  for (const events of [['local answers'], ['content', 'delay', 'local answers']] as const) {
    const { result, claude, local } = await play(events)
    expect(result).toMatchObject({ wonBy: 'first', firstFailed: false })
    expect([claude.asked, local.closed]).toEqual([0, false])
  }
})

test('the second answers for a slow first, whose connection is closed', async () => {
  const { result, local, facts } = await play(['delay', 'claude answers', 'local answers'])
  expect(result).toMatchObject({ wonBy: 'second', firstFailed: false })
  expect(local.aborted).toBe(true)
  expect(facts).toMatchObject({
    attempts: 2,
    failedAttempts: [{ provider: 'local', cause: 'hedged', usage: {} }],
  })
})

test('the first answers after all, and what the second may have cost is not known', async () => {
  const { result, claude, facts } = await play(['delay', 'local answers', 'claude answers'])
  expect(result).toMatchObject({ wonBy: 'first' })
  expect(claude.aborted).toBe(true)
  expect(facts.failedAttempts).toEqual([
    { provider: 'claude', model: CLAUDE.model, cause: 'hedged', usage: undefined },
  ])
})

test('a refusal of the second is nobody’s answer while the first may have one', async () => {
  const won = await play(['delay', 'claude refuses', 'local answers'])
  expect(won.result).toMatchObject({ wonBy: 'first' })
  const lost = await play(['delay', 'claude refuses', 'local fails'])
  expect(lost.result).toMatchObject({ wonBy: 'second', firstFailed: true, answer: { status: 529 } })
})

test('the second goes on where the first fails, unless nobody should be asked any more', async () => {
  const failed = await play(['delay', 'local fails', 'claude answers'])
  expect(failed.result).toMatchObject({ wonBy: 'second', firstFailed: true })
  expect(failed.facts.failures).toEqual([{ provider: 'local', cause: 'timeout' }])
  const ended = await play(['delay', 'local ends', 'claude answers'])
  expect(ended.result).toMatchObject({ errors: [{ code: 'invalid_request' }] })
  expect(ended.claude.aborted).toBe(true)
})

test('nobody is asked beside the first where that may not be paid for', async () => {
  const { result, claude } = await play(['delay', 'local fails'], { mayStart: false })
  expect(result).toMatchObject({ errors: [{ code: 'timeout' }], askedBoth: false })
  expect(claude.asked).toBe(0)
})

test('what comes too late of one that does not hear is closed unread', async () => {
  const { result, local } = await play(['delay', 'claude answers', 'local answers'], { deaf: true })
  expect(result).toMatchObject({ wonBy: 'second' })
  expect([local.aborted, local.closed]).toEqual([true, true])
})

test('a client’s signal that outlives its request is left without listeners, and still ends the answer', async () => {
  const client = new AbortController()
  const first = entrantOf(LOCAL, createAttemptRecord(), { deaf: true })
  let given: AbortSignal | undefined
  const open = (request: RouterRequest) => {
    given = request.signal
    return first.entrant.open(request)
  }
  const running = raceHedged(routerRequest(undefined, { signal: client.signal }), {
    first: { ...first.entrant, open },
    second: entrantOf(CLAUDE).entrant,
    delayMs: 1_000,
    content: Promise.resolve(),
    mayStart: () => false,
  })
  first.answer()
  expect(await running).toMatchObject({ wonBy: 'first' })
  expect(getEventListeners(client.signal, 'abort')).toEqual([])
  expect(given?.aborted).toBe(false)
  client.abort()
  expect(given?.aborted).toBe(true)
})

test('what the loser tells at once of its tokens is written down', async () => {
  const record = createAttemptRecord()
  const part = record.begin(CLAUDE, { isFallback: true, isLast: true })
  part.context.onAttempt()
  part.givenUp('hedged')
  const usage = { input_tokens: 9 }
  part.closed({
    target: CLAUDE,
    status: 200,
    headers: {},
    body: { kind: 'non_streaming', bytes: new Uint8Array(), message: claudeMessage({ usage }) },
  })
  part.context.onFailedAttempt({ cause: 'error', model: 'later', usage: undefined })
  part.context.onAttempt()
  expect(record.facts()).toMatchObject({ attempts: 1, failedAttempts: [{ cause: 'hedged', usage }] })
  expect(record.facts().failedAttempts).toHaveLength(1)
})

const EVENTS: Events = [
  'delay',
  'content',
  'leave',
  'local answers',
  'local fails',
  'local ends',
  'claude answers',
  'claude fails',
  'claude ends',
  'claude refuses',
]

test('whatever happens in whatever order, one answer at most goes out and nothing is left open', async () => {
  const options = fc.record({ mayStart: fc.boolean(), deaf: fc.boolean(), flush: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...EVENTS]), options, async (events, how) => {
      const { result, atOnce, left, local, claude, asks, facts } = await play(events, how)
      // Once there is a result, no other connection is open.
      if (atOnce !== undefined) expect(left).toEqual([])
      expect(local.asked).toBe(1)
      expect(claude.asked).toBeLessThanOrEqual(how.mayStart ? asks : 0)
      const winner = result.answer === undefined ? undefined : result.wonBy
      for (const [name, state] of [
        ['first', local],
        ['second', claude],
      ] as const) {
        if (state.asked === 0) continue
        if (name === winner) expect(state.closed).toBe(false)
        else if (state.answered && winner !== undefined) expect(state.aborted || state.closed).toBe(true)
      }
      // Every upstream request is the answer's or one that gave none.
      const isRefusal = result.answer?.body.kind === 'non_streaming'
      const answered = result.answer !== undefined && !isRefusal ? 1 : 0
      expect(facts.failedAttempts.length + answered).toBe(local.asked + claude.asked)
      expect(facts.attempts).toBe(local.asked + claude.asked)
    }),
    { numRuns: 300 },
  )
})
