/**
 * Log lines: whatever a client sends, one entry stays one harmless line and can be read back.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLog, formatLogLine, type LogFields } from '../../shared/log.ts'
import { isParsedRightAsKey } from './arbitraries.ts'

const dangerous = fc.constantFrom(
  '\n',
  '\r',
  '\u001b[2J',
  '\u009b31m',
  '\u0085',
  '\u2028',
  '\u2029',
  '\u0000',
  '\u007f',
  '"',
  '\\',
  '=',
)
const anyText = fc.string({ unit: fc.oneof(dangerous, fc.string({ unit: 'binary', maxLength: 3 })) })
const fields: fc.Arbitrary<LogFields> = fc.dictionary(
  fc
    .oneof(fc.constantFrom('model', 'requestId', 'latencyMs', '__proto__'), anyText)
    .filter((key) => key !== 'msg' && isParsedRightAsKey(key)),
  fc.oneof(anyText, fc.integer(), fc.boolean(), fc.constant(null), fc.constant(undefined)),
)

test('a line holds no control character, whatever message and fields hold', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('json' as const, 'text' as const),
      anyText,
      fields,
      (format, message, values) => {
        expect(formatLogLine(format, message, values)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
      },
    ),
  )
})

test('a JSON line reads back as the message and the fields', () => {
  fc.assert(
    fc.property(anyText, fields, (message, values) => {
      const read: unknown = JSON.parse(formatLogLine('json', message, values))
      const present = Object.entries(values).filter(([, value]) => value !== undefined)
      expect(Object.entries(Object(read)).toSorted()).toEqual([['msg', message], ...present].toSorted())
    }),
  )
})

test('a JSON line begins with its message', () => {
  expect(formatLogLine('json', '[Router] Using Claude (tools required)', { model: 'm', latencyMs: 12 })).toBe(
    '{"msg":"[Router] Using Claude (tools required)","model":"m","latencyMs":12}',
  )
})

test('a text line can be searched for its message and its fields', () => {
  const line = formatLogLine('text', '[Router] Using local model (hybrid: simple task)', {
    model: 'onnx-community/Qwen3-0.6B',
    route: 'local',
    score: 0.12,
    cache: null,
    fallback: undefined,
    initTime: '2341ms',
    streamed: true,
  })
  expect(line).toBe(
    '[Router] Using local model (hybrid: simple task) model=onnx-community/Qwen3-0.6B route=local score=0.12 cache=null initTime=2341ms streamed=true',
  )
})

test('a value with spaces, quotes or an equals sign is quoted, so that it cannot pass for another field', () => {
  expect(formatLogLine('text', 'm', { model: 'a route=claude' })).toBe('m model="a route=claude"')
  expect(formatLogLine('text', 'm', { model: 'a"b' })).toBe('m model="a\\"b"')
  expect(formatLogLine('text', 'm', { model: 'a=b' })).toBe('m model="a=b"')
  expect(formatLogLine('text', 'm', { model: '' })).toBe('m model=""')
})

test('a text line cannot be faked by a line break in a value', () => {
  const line = formatLogLine('text', '[Router] Using Claude', { model: 'x\n[Router] Using local model' })
  expect(line).toBe('[Router] Using Claude model="x\\n[Router] Using local model"')
})

test('a log writes one formatted line with its level, info unless said otherwise', () => {
  const written: [string, string][] = []
  const log = createLog('text', (line, level) => written.push([line, level]))
  log('started')
  log('failed', { code: 'timeout' }, 'error')
  expect(written).toEqual([
    ['started', 'info'],
    ['failed code=timeout', 'error'],
  ])
})
