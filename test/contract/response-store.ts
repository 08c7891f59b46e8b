/**
 * What every implementation of the store of responses promises, wherever it keeps them.
 */
import { expect, test } from 'vitest'
import type {
  KeptResponse,
  ResponseShelf,
  ResponseStore,
  ShownResponse,
} from '../../edge/responses/store/response-store.ts'

const MEGABYTE = 1024 * 1024

let ids = 0

/** Returns a response to be kept, with an id of its own. */
export function kept(changes: Partial<KeptResponse> = {}): KeptResponse {
  ids += 1
  const id = `resp_${ids.toString(16).padStart(32, '0')}`
  return {
    id,
    previous: undefined,
    items: `["items of ${id}"]`,
    frame: `{"id":"${id}"}`,
    privacyLocal: false,
    ...changes,
  }
}

/** Returns those of the responses that are there. */
export async function findAll(shelf: ResponseShelf, ids: readonly string[]): Promise<ShownResponse[]> {
  const found = await Promise.all(ids.map((id) => shelf.find(id)))
  return found.flatMap((response) => response ?? [])
}

/** @param open returns a store in which nothing of these tenants is kept yet */
export function testResponseStore(name: string, open: () => Promise<ResponseStore>): void {
  test(`${name}: a response is found as it was kept`, async () => {
    const shelf = (await open()).of('alice')
    const response = kept({ items: '["Grüße 🌍\\u0000 \' \\" ?"]' })
    expect(await shelf.keep(response)).toBe(true)
    const { previous: _, privacyLocal: __, ...shown } = response
    expect(await findAll(shelf, [response.id, 'resp_unknown'])).toEqual([shown])
  })

  test(`${name}: a conversation comes back from its first response to its last`, async () => {
    const shelf = (await open()).of('alice')
    const first = kept()
    const second = kept({ previous: first.id })
    const branch = kept({ previous: first.id })
    const third = kept({ previous: second.id })
    for (const each of [first, second, branch, third]) await shelf.keep(each)
    expect(await shelf.chain(third.id, MEGABYTE)).toMatchObject({
      kind: 'found',
      items: [first.items, second.items, third.items],
    })
    expect(await shelf.chain(branch.id, MEGABYTE)).toMatchObject({
      kind: 'found',
      items: [first.items, branch.items],
    })
  })

  test(`${name}: a conversation that is larger than what is asked for is not read`, async () => {
    const shelf = (await open()).of('alice')
    const first = kept({ items: JSON.stringify('é'.repeat(1_000)) })
    const second = kept({ previous: first.id })
    await shelf.keep(first)
    await shelf.keep(second)
    expect(await shelf.chain(second.id, 2_000)).toEqual({ kind: 'too_large' })
    expect((await shelf.chain(second.id, 3_000)).kind).toBe('found')
  })

  test(`${name}: of several responses those that are there come back, as far as they are not too large`, async () => {
    const shelf = (await open()).of('alice')
    const first = kept({ items: JSON.stringify('é'.repeat(1_000)) })
    const second = kept()
    await shelf.keep(first)
    await shelf.keep(second)
    const ids = [first.id, 'resp_unknown', second.id]
    expect(await shelf.gather(ids, 2_000)).toEqual({ kind: 'too_large' })
    expect(await shelf.gather(ids, 3_000)).toEqual({
      kind: 'found',
      items: [first.items, second.items],
      bytes: 2_002 + second.items.length,
      privacyLocal: false,
    })
    expect(await shelf.gather([], 0)).toMatchObject({ kind: 'found', items: [] })
  })

  test(`${name}: what must not get to Claude is known of whatever it is a part of`, async () => {
    const shelf = (await open()).of('alice')
    const [plain, secret] = [kept(), kept({ privacyLocal: true })]
    const next = kept({ previous: secret.id })
    for (const each of [plain, secret, next]) await shelf.keep(each)
    expect(await shelf.chain(plain.id, MEGABYTE)).toMatchObject({ privacyLocal: false })
    expect(await shelf.chain(next.id, MEGABYTE)).toMatchObject({ privacyLocal: true })
    expect(await shelf.gather([plain.id, secret.id], MEGABYTE)).toMatchObject({ privacyLocal: true })
    expect(await shelf.gather([plain.id], MEGABYTE)).toMatchObject({ privacyLocal: false })
  })

  test(`${name}: what was removed is gone, and so is the way to what came before it`, async () => {
    const shelf = (await open()).of('alice')
    const first = kept()
    const second = kept({ previous: first.id })
    await shelf.keep(first)
    await shelf.keep(second)
    expect(await shelf.remove(first.id)).toBe(true)
    expect(await shelf.remove(first.id)).toBe(false)
    expect(await findAll(shelf, [first.id])).toEqual([])
    expect(await shelf.chain(first.id, MEGABYTE)).toEqual({ kind: 'missing' })
    expect(await shelf.chain(second.id, MEGABYTE)).toEqual({ kind: 'missing' })
    expect(await findAll(shelf, [second.id])).toHaveLength(1)
  })

  test(`${name}: one tenant reaches nothing of another's`, async () => {
    const store = await open()
    const response = kept()
    await store.of('alice').keep(response)
    const bob = store.of('bob')
    expect(await findAll(bob, [response.id])).toEqual([])
    expect(await bob.chain(response.id, MEGABYTE)).toEqual({ kind: 'missing' })
    expect(await bob.remove(response.id)).toBe(false)
    expect(await findAll(store.of('alice'), [response.id])).toHaveLength(1)
  })

  test(`${name}: names of tenants and responses are only names`, async () => {
    const store = await open()
    for (const name of ['__proto__', "'); DROP TABLE responses; --", '../../x', '🙂', '']) {
      const response = kept({ id: name })
      expect(await store.of(name || 'nobody').keep(response)).toBe(true)
      expect(await findAll(store.of(name || 'nobody'), [name])).toHaveLength(1)
    }
  })

  test(`${name}: texts of several megabytes come back whole`, async () => {
    const shelf = (await open()).of('large')
    // Of odd length, so that a sign of two units stands where a piece would end.
    const items = JSON.stringify(`x${'🌍'.repeat(1_200_000)}`)
    const response = kept({ items })
    expect(await shelf.keep(response)).toBe(true)
    const [found] = await findAll(shelf, [response.id])
    expect(found?.items === items).toBe(true)
  })

  test(`${name}: what is larger than one call carries is not kept`, async () => {
    const shelf = (await open()).of('large')
    const response = kept({ items: JSON.stringify('x'.repeat(13 * MEGABYTE)) })
    expect(await shelf.keep(response)).toBe(false)
    expect(await findAll(shelf, [response.id])).toEqual([])
  })
}
