/** What every store of answers must keep to, whatever it stores them in. */
import { expect, test } from 'vitest'
import type { AnswerCache, CacheEntry } from '../../edge/cache/cache.ts'
import { localMessage } from '../support/edge/messages.ts'

export function entryOf(text: string): CacheEntry {
  return {
    message: localMessage({ content: [{ type: 'text', text }] }),
    target: { provider: 'local', model: 'tiny-model' },
    storedAt: 1_000,
  }
}

/** Registers the tests of a store; `create` returns an empty one. */
export function testAnswerCache(name: string, create: () => AnswerCache | Promise<AnswerCache>): void {
  test(`${name} has nothing under a key that was never written`, async () => {
    expect(await (await create()).get('a')).toBeUndefined()
  })

  test(`${name} gives back what was written, under that key alone`, async () => {
    const cache = await create()
    await cache.set('a', entryOf('one'))
    await cache.set('b', entryOf('two'))
    expect(await cache.get('a')).toEqual(entryOf('one'))
    expect(await cache.get('b')).toEqual(entryOf('two'))
    expect(await cache.get('ab')).toBeUndefined()
  })

  test(`${name} keeps the later of two answers`, async () => {
    const cache = await create()
    await cache.set('a', entryOf('one'))
    await cache.set('a', entryOf('two'))
    expect(await cache.get('a')).toEqual(entryOf('two'))
  })

  test(`${name} keeps names that objects have by nature apart from entries`, async () => {
    const cache = await create()
    for (const key of ['__proto__', 'constructor', 'toString', ''])
      expect(await cache.get(key)).toBeUndefined()
  })

  test(`${name} counts hits, misses and entries`, async () => {
    const cache = await create()
    await cache.set('a', entryOf('one'))
    await cache.get('a')
    await cache.get('b')
    expect(cache.stats()).toMatchObject({ entries: 1, hits: 1, misses: 1 })
    expect(cache.stats().bytes).toBeGreaterThan(0)
  })
}
