/** The cache of one isolate: its limits, and that every entry dies in time. */
import { expect, test } from 'vitest'
import { createMemoryCache, type MemoryCacheOptions } from '../../../edge/cache/memory.ts'
import { entryOf, testAnswerCache } from '../../contract/answer-cache.ts'

function cacheAt(options: Partial<MemoryCacheOptions> = {}) {
  // lru-cache takes 0 for "not set": its clock begins above.
  const clock = { now: 1 }
  const cache = createMemoryCache({
    ttlSeconds: 300,
    maxEntries: 10,
    maxBytes: 100_000,
    now: () => clock.now,
    random: () => 0.5,
    ...options,
  })
  return { cache, clock }
}

testAnswerCache('the memory cache', () => cacheAt().cache)

test('forgets an entry once its time is over', async () => {
  const { cache, clock } = cacheAt()
  await cache.set('a', entryOf('one'))
  clock.now += 300_000 - 1
  expect(await cache.get('a')).toBeDefined()
  clock.now += 2
  expect(await cache.get('a')).toBeUndefined()
})

test('F49 lets entries die at different times, within a tenth of the mean', async () => {
  for (const [random, seconds] of [
    [0, 270],
    [0.999_999, 330],
  ] as const) {
    const { cache, clock } = cacheAt({ random: () => random })
    await cache.set('a', entryOf('one'))
    clock.now += seconds * 1_000 - 2
    expect(await cache.get('a')).toBeDefined()
    clock.now += 4
    expect(await cache.get('a')).toBeUndefined()
  }
})

test('is not kept alive by being read', async () => {
  const { cache, clock } = cacheAt()
  await cache.set('a', entryOf('one'))
  for (let at = 0; at < 3; at++) {
    clock.now += 90_000
    expect(await cache.get('a')).toBeDefined()
  }
  clock.now += 31_000
  expect(await cache.get('a')).toBeUndefined()
})

test('drops the entry that was used longest ago when there are too many', async () => {
  const { cache } = cacheAt({ maxEntries: 2 })
  await cache.set('a', entryOf('one'))
  await cache.set('b', entryOf('two'))
  await cache.get('a')
  await cache.set('c', entryOf('three'))
  expect(await cache.get('b')).toBeUndefined()
  expect(await cache.get('a')).toBeDefined()
  expect(cache.stats().entries).toBe(2)
})

test('never holds more than its bytes', async () => {
  const { cache } = cacheAt({ maxBytes: 10_000, maxEntries: 1_000 })
  for (let at = 0; at < 100; at++) {
    await cache.set(`key-${at}`, entryOf('x'.repeat(1_000)))
    expect(cache.stats().bytes).toBeLessThanOrEqual(10_000)
  }
  expect(await cache.get('key-99')).toBeDefined()
  expect(await cache.get('key-0')).toBeUndefined()
})

test('leaves an answer out that is larger than a single one may be', async () => {
  const { cache } = cacheAt({ maxBytes: 10_000_000 })
  await cache.set('a', entryOf('x'.repeat(256 * 1024)))
  expect(await cache.get('a')).toBeUndefined()
})

test('is off with any limit at 0', async () => {
  for (const limit of ['ttlSeconds', 'maxEntries', 'maxBytes'] as const) {
    const { cache } = cacheAt({ [limit]: 0 })
    await cache.set('a', entryOf('one'))
    expect(await cache.get('a')).toBeUndefined()
    expect(cache.stats()).toEqual({ entries: 0, bytes: 0, hits: 0, misses: 0 })
  }
})
