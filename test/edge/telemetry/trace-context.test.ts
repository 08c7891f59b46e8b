/** Which trace a request belongs to. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { traceContextOf } from '../../../edge/telemetry/trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const half = () => 0.5

test('stays in the client’s trace, under the client’s span', () => {
  expect(traceContextOf({ traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' }, half)).toEqual({
    traceId: TRACE,
    spanId: '8888888888888888',
    parentSpanId: PARENT,
    traceState: 'vendor=1',
    sampled: true,
  })
})

test('heeds that the client does not want its trace recorded', () => {
  const sampled = (flags: string) =>
    traceContextOf({ traceparent: `00-${TRACE}-${PARENT}-${flags}` }, half).sampled
  expect(sampled('00')).toBe(false)
  expect(sampled('02')).toBe(false)
  expect(sampled('03')).toBe(true)
})

test('begins a trace of its own where the client has none', () => {
  const context = traceContextOf({ tracestate: 'vendor=1' }, half)
  expect(context).toEqual({
    traceId: '8'.repeat(32),
    spanId: '8'.repeat(16),
    parentSpanId: undefined,
    traceState: undefined,
    sampled: true,
  })
})

test.each([
  '',
  'nonsense',
  `00-${TRACE}-${PARENT}`,
  `ff-${TRACE}-${PARENT}-01`,
  `00-${TRACE}-${PARENT}-01-more`,
  `00-${'0'.repeat(32)}-${PARENT}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.toUpperCase()}-${PARENT}-01`,
])('takes %j for none', (traceparent) => {
  expect(traceContextOf({ traceparent }, half).parentSpanId).toBeUndefined()
})

test('reads what later versions begin with', () => {
  const { traceId } = traceContextOf({ traceparent: `cc-${TRACE}-${PARENT}-01-what-will-come` }, half)
  expect(traceId).toBe(TRACE)
})

test('makes valid ids whatever chance gives', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
      const { traceId, spanId } = traceContextOf({}, () => chance)
      expect(traceId).toMatch(/^(?!0+$)[\da-f]{32}$/)
      expect(spanId).toMatch(/^(?!0+$)[\da-f]{16}$/)
    }),
  )
})
