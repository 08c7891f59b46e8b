/** Redaction: what must not be kept is gone, plain text stays, and no text is slow. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redact } from '../../../edge/ledger/redact.ts'

const SECRETS: readonly (readonly [string, string])[] = [
  ['sk-ant-api03-abcdefghijklmnop', '[key]'],
  ['ghp_abcdefghijklmnopqrstuvwxyz0123456789', '[key]'],
  ['AKIAIOSFODNN7EXAMPLE', '[key]'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVP', '[key]'],
  ['3f9a1c0de4b75a6e8c2f9a1c0de4b75a', '[key]'],
  ['anna.m\u00fcller+router@example.co.uk', '[email]'],
  ['4111 1111 1111 1111', '[card]'],
  ['5500-0000-0000-0004', '[card]'],
  ['378282246310005', '[card]'],
  ['+49 (0)30 901820', '[phone]'],
  ['+1 415-555-2671', '[phone]'],
  ['(415) 555-2671', '[phone]'],
  ['030 90182-0123', '[phone]'],
]
for (const [secret, placeholder] of SECRETS)
  test(`leaves ${placeholder} of ${secret}`, () => {
    expect(redact(`Take ${secret}, please.`)).toBe(`Take ${placeholder}, please.`)
  })

test('takes out what is called a secret, and keeps its name', () => {
  expect(redact('password: hunter2hunter2')).toBe('password: [key]')
  expect(redact('Authorization: Bearer abcdefgh12345')).toBe('Authorization: Bearer [key]')
  expect(redact('{"api_key":"0123456789abc"}')).toBe('{"api_key":"[key]"}')
  const pem = '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKCAQEA\n-----END RSA PRIVATE KEY-----'
  expect(redact(`Here: ${pem}`)).toBe('Here: [key]')
})

test('keeps what is none of these', () => {
  const plain =
    'On 2026-11-27 at 14:00 we sold 1,234,567 units of version 10.2.33 (order 1234567890123) for $3.10; what is 12345 * 6789? The key to it is a good password policy.'
  expect(redact(plain)).toBe(plain)
})

test('finds every address and every card, wherever they stand', () => {
  const word = fc.stringMatching(/^[a-z]{1,12}$/)
  const address = fc.tuple(word, word).map(([name, host]) => `${name}@${host}.org`)
  fc.assert(
    fc.property(fc.array(word), address, fc.array(word), (before, found, after) => {
      const text = [...before, found, '4242424242424242', ...after].join(' ')
      expect(redact(text)).toBe([...before, '[email]', '[card]', ...after].join(' '))
    }),
  )
})

test('does not search one long text again and again', () => {
  const long = 200_000
  for (const piece of [
    'a',
    '1',
    '1 ',
    '@',
    'a@',
    'a.',
    '(0',
    '-',
    'sk-',
    'eyJ',
    'token ',
    '-----BEGIN PRIVATE KEY-----',
    '+1 ',
  ])
    expect(redact(piece.repeat(long / piece.length)).length).toBeGreaterThan(0)
})
