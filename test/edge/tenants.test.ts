/** The keys that let clients in: their forms, their rotation, and that nothing but the key itself opens. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findTenant, parseRouterKeys, type TenantKey } from '../../edge/tenants.ts'
import { sha256Hex } from '../../shared/digest.ts'
import { ALICE_KEY, BOB_KEY } from '../support/edge/canaries.ts'

async function keysOf(text: string): Promise<TenantKey[]> {
  const keys = await parseRouterKeys(text)
  if (typeof keys === 'string') throw new Error(keys)
  return keys
}

test('reads pairs separated by commas, spaces or line breaks', async () => {
  for (const separator of [',', ' ', '\n', ' ,\t']) {
    const keys = await keysOf(`alice:${ALICE_KEY}${separator}bob:${BOB_KEY}`)
    expect(keys.map(({ tenant }) => tenant.id)).toEqual(['alice', 'bob'])
    expect((await findTenant(keys, BOB_KEY))?.id).toBe('bob')
  }
})

test('reads JSON with the controls that a tenant may not use', async () => {
  const keys = await keysOf(JSON.stringify([{ id: 'a.b-c_1', key: ALICE_KEY, forbid: ['force', 'cache'] }]))
  expect(await findTenant(keys, ALICE_KEY)).toEqual({
    id: 'a.b-c_1',
    admin: false,
    forbid: ['force', 'cache'],
  })
})

test('takes a key as its digest, in either case', async () => {
  const digest = await sha256Hex(ALICE_KEY)
  for (const hex of [digest, digest.toUpperCase()])
    expect((await findTenant(await keysOf(`alice:sha256:${hex}`), ALICE_KEY))?.id).toBe('alice')
})

test('does not take the digest itself as a key', async () => {
  const digest = await sha256Hex(ALICE_KEY)
  const keys = await keysOf(`alice:sha256:${digest}`)
  expect(await findTenant(keys, digest)).toBeUndefined()
  expect(await findTenant(keys, `sha256:${digest}`)).toBeUndefined()
})

test('lets two keys of one tenant live beside each other while one replaces the other', async () => {
  const keys = await keysOf(`alice:${ALICE_KEY},alice:${BOB_KEY}`)
  expect((await findTenant(keys, ALICE_KEY))?.id).toBe('alice')
  expect((await findTenant(keys, BOB_KEY))?.id).toBe('alice')
  expect(await findTenant(await keysOf(`alice:${BOB_KEY}`), ALICE_KEY)).toBeUndefined()
})

test('keeps colons inside a key', async () => {
  const key = 'part:one:0123456789'
  expect((await findTenant(await keysOf(`alice:${key}`), key))?.id).toBe('alice')
})

test('refuses keys that are too short and says whose', async () => {
  expect(await parseRouterKeys(`alice:${ALICE_KEY},bob:123456789012345`)).toMatch(
    /tenant "bob" is shorter than 16/,
  )
  expect(await parseRouterKeys('bob:sha256:abc')).toMatch(/tenant "bob"/)
})

test('refuses wrong shapes in one sentence that quotes no key', async () => {
  const wrong = [
    '   ',
    ALICE_KEY,
    `:${ALICE_KEY}`,
    `al ice:${ALICE_KEY}`,
    `[{"id":"alice","key":"${ALICE_KEY}"`,
    '[]',
    '[1]',
    `[{"id":"alice","key":"${ALICE_KEY}","forbid":["everything"]}]`,
    `[{"id":"alice","key":"${ALICE_KEY}","admin":true}]`,
    `[{"id":"${'x'.repeat(65)}","key":"${ALICE_KEY}"}]`,
  ]
  for (const text of wrong) {
    const problem = await parseRouterKeys(text)
    expect(typeof problem, text).toBe('string')
    expect(problem).toMatch(/^ROUTER_KEYS/)
    expect(problem).not.toContain(ALICE_KEY)
  }
})

test('finds a tenant by exactly its key and by nothing else', async () => {
  const keys = await keysOf(`alice:${ALICE_KEY},bob:${BOB_KEY}`)
  await fc.assert(
    fc.asyncProperty(fc.string(), async (text) => {
      fc.pre(text !== '')
      expect(await findTenant(keys, text)).toBeUndefined()
      expect(await findTenant(keys, ALICE_KEY + text)).toBeUndefined()
      expect(await findTenant(keys, text + ALICE_KEY)).toBeUndefined()
    }),
  )
  for (let length = 0; length < ALICE_KEY.length; length++)
    expect(await findTenant(keys, ALICE_KEY.slice(0, length))).toBeUndefined()
})

test.each(['admin', 'Admin', 'anonymous', 'client-0123456789abcdef'])(
  'refuses a tenant with a name that the router gives itself: %s',
  async (id) => {
    expect(await parseRouterKeys(`${id}:${ALICE_KEY}`)).toMatch(`the tenant name "${id}" is the router's own`)
  },
)

test('never takes a digest with a wrong number of digits for a key, and names its tenant', async () => {
  for (const digest of ['sha256:', 'sha256:abc', `SHA256:${'a'.repeat(63)}`, `sha256:${'g'.repeat(64)}`])
    expect(await parseRouterKeys(JSON.stringify([{ id: 'alice', key: digest }]))).toMatch(
      /tenant "alice" begins with sha256: but/,
    )
})

test('takes no digest of another kind for a key in clear', async () => {
  for (const kind of ['sha512:', 'sha-256:', 'sha256=', 'sha1:', 'md5:'])
    expect(await parseRouterKeys(JSON.stringify([{ id: 'alice', key: `${kind}${'a'.repeat(64)}` }]))).toBe(
      `ROUTER_KEYS: the key of tenant "alice" begins with ${kind} but is not sha256: followed by 64 hexadecimal digits`,
    )
})

test('refuses a key that no header can carry, without quoting it', async () => {
  const problem = await parseRouterKeys(JSON.stringify([{ id: 'alice', key: `${ALICE_KEY}\u200b` }]))
  expect(problem).toMatch(/tenant "alice" holds characters that no header can carry/)
  expect(problem).not.toContain(ALICE_KEY)
})
