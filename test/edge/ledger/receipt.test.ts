/** The log line and the headers of an answer, in the words of the contract. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Ending,
  type Facts,
  logLine,
  priceAnswer,
  ROUTER_HEADERS,
  routeHeaders,
  totalHeaders,
} from '../../../edge/ledger/receipt.ts'
import { formatLogLine } from '../../../shared/log.ts'

const usage = { input_tokens: 1_000, output_tokens: 100 }
const local: Facts = {
  requestId: 'req_1',
  strategy: 'hybrid',
  task: 'simple_chat',
  score: 0.123_456,
  reason: 'hybrid: simple task',
  cache: 'miss',
  failures: [],
  attempts: 1,
  route: 'local',
  model: 'tiny-model',
  baselineModel: 'claude-haiku-5-5',
}
const claude: Facts = { ...local, route: 'claude', model: 'claude-haiku-5-5', reason: 'hybrid: complex task' }
const done: Ending = { outcome: 'completed', message: undefined, usage, latencyMs: 12.4, firstContentMs: 3.6 }

const LINES: [Facts, Ending, string][] = [
  [local, done, '[Router] Using local model (hybrid: simple task)'],
  [claude, done, '[Router] Using Claude (hybrid: complex task)'],
  [{ ...claude, reason: 'tools required' }, done, '[Router] Using Claude (tools required)'],
  [{ ...local, route: 'cache', cache: 'hit' }, done, '[Router] Using cache (hybrid: simple task)'],
  ...(['timeout', 'unavailable', 'overloaded', 'unsupported', 'error'] as const).map(
    (cause): [Facts, Ending, string] => [
      { ...claude, failures: [{ provider: 'local', cause }] },
      done,
      `[Router] Falling back to Claude (local ${cause})`,
    ],
  ),
  [
    { ...local, route: undefined, model: undefined, reason: 'local_only: tools required' },
    { ...done, outcome: 'refused', usage: undefined },
    '[Router] Refused (local_only: tools required)',
  ],
  [
    { ...local, route: undefined, model: undefined },
    { ...done, outcome: 'failed', usage: undefined },
    '[Router] No answer (hybrid: simple task)',
  ],
]
for (const [facts, ending, message] of LINES)
  test(`logs: ${message}`, () => {
    expect(logLine(facts, ending).message).toBe(message)
  })

test('logs the fields of the contract as JSON', () => {
  const { message, fields } = logLine(local, done)
  expect(JSON.parse(formatLogLine('json', message, fields))).toEqual({
    msg: '[Router] Using local model (hybrid: simple task)',
    taskType: 'simple_chat',
    model: 'tiny-model',
    requestId: 'req_1',
    route: 'local',
    score: 0.123,
    cache: 'miss',
    attempts: 1,
    latencyMs: 12,
    firstContentMs: 4,
    inputTokens: 1_000,
    outputTokens: 100,
    costUsd: 0,
    savedUsd: 0.00015,
  })
})

test('logs the same as text that grep finds', () => {
  const { message, fields } = logLine(local, done)
  expect(formatLogLine('text', message, fields)).toBe(
    '[Router] Using local model (hybrid: simple task) taskType=simple_chat model=tiny-model requestId=req_1 route=local score=0.123 cache=miss attempts=1 latencyMs=12 firstContentMs=4 inputTokens=1000 outputTokens=100 costUsd=0 savedUsd=0.00015',
  )
})

test('says how a request ended that did not end well', () => {
  const { fields } = logLine(local, { ...done, outcome: 'broken', errorCode: 'timeout' })
  expect(fields).toMatchObject({ outcome: 'broken', error: 'timeout' })
})

test('writes one line without control characters, whatever a model calls itself', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('json' as const, 'text' as const),
      (model, format) => {
        const { message, fields } = logLine({ ...local, model }, done)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
        expect(formatLogLine(format, message, fields)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
      },
    ),
  )
})

const EVERY = [
  'x-router-request-id',
  'x-router-strategy',
  'x-router-task',
  'x-router-score',
  'x-router-reason',
  'x-router-cache',
  'x-router-attempts',
]

test('gives exactly the headers of the contract', () => {
  expect(Object.keys(routeHeaders(local)).toSorted()).toEqual(
    [...EVERY, 'x-router-route', 'x-router-model'].toSorted(),
  )
  const fallback = routeHeaders({ ...claude, failures: [{ provider: 'local', cause: 'timeout' }] })
  expect(fallback['x-router-fallback']).toBe('timeout')
  expect(Object.keys(routeHeaders({ ...local, route: undefined, model: undefined })).toSorted()).toEqual(
    EVERY.toSorted(),
  )
  expect(totalHeaders({ costUsd: 0.5, savedUsd: 0.25 }, 12.4)).toEqual({
    'x-router-latency-ms': '12',
    'x-router-cost-usd': '0.5',
    'x-router-saved-usd': '0.25',
  })
  const given = { ...routeHeaders(local), ...fallback, ...totalHeaders({ costUsd: 1, savedUsd: 1 }, 1) }
  for (const name of Object.keys(given)) expect(ROUTER_HEADERS).toContain(name)
})

test('does not tell of a Claude that failed as of a fallback', () => {
  const headers = routeHeaders({ ...local, failures: [{ provider: 'claude', cause: 'timeout' }] })
  expect(headers['x-router-fallback']).toBeUndefined()
})

test('leaves money out that it does not know, and writes small amounts without an exponent', () => {
  expect(totalHeaders({ costUsd: undefined, savedUsd: undefined }, 1)).toEqual({ 'x-router-latency-ms': '1' })
  const headers = totalHeaders({ costUsd: 0, savedUsd: 0.000_000_12 }, 1)
  expect(headers['x-router-cost-usd']).toBe('0')
  expect(headers['x-router-saved-usd']).toBe('0.00000012')
  expect(totalHeaders({ costUsd: 10, savedUsd: 100 }, 1)['x-router-cost-usd']).toBe('10')
})

test('gives only header values that are bytes, whatever a model calls itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (model) => {
      new Headers(routeHeaders({ ...local, model }))
    }),
  )
})

test('saves what Claude would have cost, and nothing where Claude answered', () => {
  expect(priceAnswer(local, usage)).toEqual({ costUsd: 0, savedUsd: 0.00015 })
  expect(priceAnswer({ ...local, route: 'cache' }, usage)).toEqual({ costUsd: 0, savedUsd: 0.00015 })
  expect(priceAnswer(claude, usage)).toEqual({ costUsd: 0.00015, savedUsd: 0 })
  expect(priceAnswer({ ...claude, model: 'claude-9' }, usage)).toEqual({ costUsd: undefined, savedUsd: 0 })
  expect(priceAnswer({ ...local, baselineModel: 'claude-9' }, usage)).toEqual({
    costUsd: 0,
    savedUsd: undefined,
  })
})
