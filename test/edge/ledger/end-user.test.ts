/** Who the end user is: by the header first, then by the body; without the session, and hashed where that is wanted. */
import { expect, test } from 'vitest'
import { cleanName, hashUser, namedUser } from '../../../edge/ledger/end-user.ts'

const named = (user_id: unknown) => namedUser({ metadata: { user_id } })

test('is what metadata.user_id says', () => {
  expect(named('anna')).toBe('anna')
  expect(named('  anna ')).toBe('anna')
  for (const nothing of ['', ' ', 7, null, undefined, {}]) expect(named(nothing)).toBeUndefined()
  for (const body of [null, undefined, 'text', [], { metadata: null }, { metadata: 'anna' }])
    expect(namedUser(body)).toBeUndefined()
})

test('is the same user in every session of an agent', () => {
  const account = 'user_0123456789abcdef_account_11111111-2222-3333-4444-555555555555'
  for (const session of ['aaaaaaaa-0000', 'bbbbbbbb-1111']) {
    expect(named(`${account}_session_${session}`)).toBe(account)
    expect(named(JSON.stringify({ device_id: 'd1', account_uuid: 'a1', session_id: session }))).toBe('a1')
    expect(named(JSON.stringify({ device_id: 'd1', account_uuid: '', session_id: session }))).toBe('d1')
  }
  expect(named('{"no": "account"}')).toBe('{"no": "account"}')
  expect(named('{broken')).toBe('{broken')
})

test('is cut where it is longer than a name', () => {
  expect(cleanName('x'.repeat(300))).toHaveLength(256)
  expect(cleanName(undefined)).toBeUndefined()
})

test('is a name that a database keeps as it is', () => {
  expect(cleanName(`${'x'.repeat(255)}🙂`)).toBe(`${'x'.repeat(255)}\ufffd`)
  expect(named('\ud800 anna')).toBe('\ufffd anna')
  expect(named('🙂')).toBe('🙂')
})

test('is another hash with another salt or of another tenant, and always the same one', async () => {
  const hash = await hashUser('salt', 'alice', 'anna')
  expect(hash).toMatch(/^[\da-f]{32}$/)
  expect(await hashUser('salt', 'alice', 'anna')).toBe(hash)
  expect(await hashUser('other', 'alice', 'anna')).not.toBe(hash)
  expect(await hashUser('salt', 'bob', 'anna')).not.toBe(hash)
})
