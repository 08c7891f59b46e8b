/** Friendly words around what is asked. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wrapRequest } from '../../training/wrapped-request.ts'
import { labelledRow } from '../support/labelled-row.ts'

const place = fc.nat({ max: 6_000 })

const asking = (texts: readonly string[]) =>
  labelledRow('any', true, 'row', {
    request: {
      model: 'auto',
      max_tokens: 256,
      messages: texts.map((content, at) => ({
        role: at % 2 === 0 ? ('user' as const) : ('assistant' as const),
        content,
      })),
    },
  })

test('keeps what is asked, with words before or after it, the same ones at the same place', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), place, (text, at) => {
      const row = asking([text])
      const wrapped = wrapRequest(row, at)
      const content = String(wrapped.request.messages[0]?.content)
      expect(at % 2 === 0 ? content.endsWith(` ${text}`) : content.startsWith(`${text} `)).toBe(true)
      expect(content.length).toBeGreaterThan(text.length + 1)
      expect(wrapRequest(row, at)).toEqual(wrapped)
    }),
  )
})

test('leaves the label, the settings and earlier turns as they are', () => {
  const row = asking(['Why is the sky blue?', 'Because of scattering.', 'Prove it.'])
  for (const at of [0, 1]) {
    const wrapped = wrapRequest(row, at)
    const { request } = wrapped
    expect({ ...wrapped, request: { ...request, messages: [] } }).toEqual({
      ...row,
      request: { ...row.request, messages: [] },
    })
    expect(request.messages.slice(0, 2)).toEqual(row.request.messages.slice(0, 2))
    expect(request.messages).toHaveLength(3)
  }
  expect(row).toEqual(asking(['Why is the sky blue?', 'Because of scattering.', 'Prove it.']))
})

test('uses words of both kinds in turn, and many of them', () => {
  const contents = Array.from(
    { length: 64 },
    (_, at) => wrapRequest(asking(['X']), at).request.messages[0]?.content,
  )
  expect(new Set(contents).size).toBeGreaterThan(20)
})

test('leaves content of several blocks alone', () => {
  const content = [{ type: 'text', text: 'Look at this.' }]
  const row = labelledRow('any', true, 'row', {
    request: { model: 'auto', max_tokens: 1, messages: [{ role: 'user', content }] },
  })
  expect(wrapRequest(row, 0)).toEqual(row)
})
