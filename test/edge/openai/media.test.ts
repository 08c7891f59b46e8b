import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toFileBlock, toImageBlock } from '../../../edge/openai/media.ts'

const refusal = (url: string) => {
  try {
    return toImageBlock(url, 'here')
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}

test('the first bytes say what an image is, and else the label, whatever its case and parameters', () => {
  const source = (url: string) => toImageBlock(url, 'here').source
  expect(source('data:image/png;base64,/9j/AAAA')).toMatchObject({ media_type: 'image/jpeg' })
  expect(source('DATA:Image/JPG;name=a;BASE64,QUJD')).toMatchObject({
    media_type: 'image/jpeg',
    data: 'QUJD',
  })
  expect(toImageBlock('data:;base64,JVBERiAA', 'here').type).toBe('document')
})

test.each([
  'data:constructor;base64,QUJD',
  'data:__proto__;base64,QUJD',
  'data:image/png,QUJD',
  'data:image/png;base64,',
  'data:image/png;base64',
  'data:,',
  'data:',
  `data:${';'.repeat(5_000_000)}`,
  `data:${';'.repeat(5_000_000)},QUJD`,
])('what is no data URL of an image is refused with a word about the field: %.40s', (url) => {
  expect(refusal(url)).toMatch(/^here: must be/)
})

test('whatever stands in a URL, it is a block or a refusal in words of the router’s', () => {
  const part = fc.constantFrom('data:', ';', ',', 'base64', 'image/png', 'toString', '__proto__', 'QUJD', ' ')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const outcome = refusal(parts.join(''))
      expect(typeof outcome === 'string' ? outcome : 'here: ').toMatch(/^here: /)
    }),
  )
})

test('a file is read from a data URL or from bare base64, with its name', () => {
  const file = { file_data: `data:text/plain;charset=utf-8;base64,${btoa('hello')}`, filename: 'a.txt' }
  expect(toFileBlock(file, 'here')).toMatchObject({ source: { data: 'hello' }, title: 'a.txt' })
  expect(toFileBlock({ file_data: 'JVBERiAA' }, 'here').type).toBe('document')
  expect(() => toFileBlock({ file_data: 'data:constructor;base64,QUJD' }, 'here')).toThrow(
    /^here\.file_data: /,
  )
})
