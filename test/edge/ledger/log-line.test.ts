/** The log line of a request, in the words of the contract. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { logLine } from '../../../edge/ledger/log-line.ts'
import { LIST_PRICES } from '../../../edge/ledger/prices.ts'
import { createReceipt, type Ending, type RoutedFacts } from '../../../edge/ledger/receipt.ts'
import { formatLogLine } from '../../../shared/log.ts'
import { claude, done, local } from './support.ts'

const LINES: [RoutedFacts, Ending, string][] = [
  [local, done, '[Router] Using local model (hybrid: simple task)'],
  [claude, done, '[Router] Using Claude (hybrid: complex task)'],
  [{ ...claude, reason: 'tools required' }, done, '[Router] Using Claude (tools required)'],
  [{ ...local, route: 'cache', cache: 'hit' }, done, '[Router] Using cache (hybrid: simple task)'],
  ...(['timeout', 'unavailable', 'overloaded', 'unsupported', 'error'] as const).map(
    (cause): [RoutedFacts, Ending, string] => [
      { ...claude, failures: [{ provider: 'local', cause }] },
      done,
      `[Router] Falling back to Claude (local ${cause})`,
    ],
  ),
  [
    { ...local, route: undefined, model: undefined, reason: 'local_only: tools required' },
    { ...done, outcome: 'refused' },
    '[Router] Refused (local_only: tools required)',
  ],
  [
    { ...local, route: undefined, model: undefined },
    { ...done, outcome: 'failed' },
    '[Router] No answer (hybrid: simple task)',
  ],
]
for (const [facts, ending, message] of LINES)
  test(`logs: ${message}`, () => {
    expect(logLine(createReceipt(facts, ending, LIST_PRICES)).message).toBe(message)
  })

test('logs the fields of the contract as JSON', () => {
  const { message, fields } = logLine(createReceipt(local, done, LIST_PRICES))
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
  const { message, fields } = logLine(createReceipt(local, done, LIST_PRICES))
  expect(formatLogLine('text', message, fields)).toBe(
    '[Router] Using local model (hybrid: simple task) taskType=simple_chat model=tiny-model requestId=req_1 route=local score=0.123 cache=miss attempts=1 latencyMs=12 firstContentMs=4 inputTokens=1000 outputTokens=100 costUsd=0 savedUsd=0.00015',
  )
})

test('says how a request ended that did not end well', () => {
  const { fields } = logLine(
    createReceipt(local, { ...done, outcome: 'broken', errorCode: 'timeout' }, LIST_PRICES),
  )
  expect(fields).toMatchObject({ outcome: 'broken', error: 'timeout' })
})

test('writes one line without control characters, whatever a model calls itself', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('json' as const, 'text' as const),
      (model, format) => {
        const { message, fields } = logLine(
          createReceipt({ ...local, model }, { ...done, message: undefined }, LIST_PRICES),
        )
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
        expect(formatLogLine(format, message, fields)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
      },
    ),
  )
})
