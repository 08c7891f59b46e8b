/** What may be handed to a runtime as a header value. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isHeaderValue, sendableHeaders } from '../../shared/header-value.ts'

test.each(['', 'plain', 'a b;q=0.1, "c"', 'tab\there'])('takes %j', (text) => {
  expect(isHeaderValue(text)).toBe(true)
})

test.each(['é', 'key\u200b', 'a\nb', 'a\r', '\u0000', '\u007f', '日本'])('refuses %j', (text) => {
  expect(isHeaderValue(text)).toBe(false)
})

test('takes nothing that a runtime would not send as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (isHeaderValue(text))
        expect(new Headers({ x: text }).get('x')).toBe(text.replaceAll(/^[\t ]+|[\t ]+$/g, ''))
    }),
  )
})

test('leaves out the headers that cannot be sent, and no other', () => {
  expect(sendableHeaders({ one: '1', two: 'zwei\u200b', three: '' })).toEqual({ one: '1', three: '' })
})
