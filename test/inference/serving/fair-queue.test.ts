/** Who is next: shares of tenants, order within a tenant, and nobody overtaken for ever. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFairQueue, type Queued } from '../../../inference/serving/fair-queue.ts'

type Entry = Queued & { readonly name: string }

function queueOf(...entries: (readonly [tenant: string, cost: number])[]) {
  const queue = createFairQueue<Entry>()
  const add = (tenant: string, cost: number) => {
    const entry = { tenant, cost, name: `${tenant}${queue.size()}` }
    queue.add(entry)
    return entry
  }
  for (const [tenant, cost] of entries) add(tenant, cost)
  const takeNext = () => {
    const next = queue.order()[0]
    if (next) queue.take(next)
    return next
  }
  return { queue, add, takeNext }
}

test('serves one tenant in the order of arrival', () => {
  const { queue } = queueOf(['a', 5], ['a', 1], ['a', 3])
  expect(queue.order().map(({ name }) => name)).toEqual(['a0', 'a1', 'a2'])
})

test('takes turns among tenants, whoever has more waiting', () => {
  const { queue } = queueOf(['a', 1], ['a', 1], ['a', 1], ['b', 1], ['b', 1])
  expect(
    queue
      .order()
      .map(({ tenant }) => tenant)
      .join(''),
  ).toBe('ababa')
})

test('counts tokens, not requests', () => {
  const { queue } = queueOf(['long', 30], ['long', 30], ['short', 10], ['short', 10], ['short', 10])
  expect(queue.order().map(({ tenant }) => tenant)).toEqual(['long', 'short', 'short', 'short', 'long'])
})

test('gives a newcomer its share from now on, and none of the time before', () => {
  const { queue, add, takeNext } = queueOf(...Array.from({ length: 8 }, () => ['a', 1] as const))
  for (let served = 0; served < 4; served++) takeNext()
  for (let index = 0; index < 3; index++) add('b', 1)
  expect(
    queue
      .order()
      .map(({ tenant }) => tenant)
      .join(''),
  ).toBe('abababa')
})

test('forgets one that left, at no cost for its tenant', () => {
  const { queue } = queueOf(['a', 9], ['a', 1], ['b', 1])
  const [first] = queue.order()
  if (first) queue.remove(first)
  expect(queue.order().map(({ name }) => name)).toEqual(['a1', 'b2'])
})

test('finds the newest of the tenant that crowds the queue', () => {
  const { queue, add } = queueOf(['a', 1], ['a', 1], ['b', 1])
  expect(queue.mostCrowded()?.name).toBe('a1')
  expect(add('b', 1)).toBe(queue.mostCrowded())
  expect(createFairQueue<Entry>().mostCrowded()).toBeUndefined()
})

test('serves one of a tenant that has had much, however many new tenants come', () => {
  const { queue, add, takeNext } = queueOf(...Array.from({ length: 10 }, () => ['a', 50] as const))
  for (let index = 0; index < 9; index++) takeNext()
  const last = queue.order()[0]
  let served = 0
  for (let next: Entry | undefined; next !== last && served < 1000; served++) {
    for (const each of ['x', 'y']) add(`${each}${served}`, 1)
    next = takeNext()
  }
  expect(served).toBeLessThan(500)
})

test('shares what is taken evenly among tenants who always wait', () => {
  const costs = fc.array(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), {
    minLength: 2,
    maxLength: 5,
  })
  fc.assert(
    fc.property(costs, (tenants) => {
      const { add, takeNext } = queueOf()
      const taken = tenants.map(() => 0)
      const next = tenants.map(() => 0)
      const addFor = (tenant: number) => {
        const list = tenants[tenant] ?? [1]
        add(String(tenant), list[(next[tenant] ?? 0) % list.length] ?? 1)
        next[tenant] = (next[tenant] ?? 0) + 1
      }
      for (const tenant of tenants.keys()) for (let index = 0; index < 2; index++) addFor(tenant)
      for (let turn = 0; turn < 200; turn++) {
        const entry = takeNext()
        const tenant = Number(entry?.tenant)
        taken[tenant] = (taken[tenant] ?? 0) + (entry?.cost ?? 0)
        addFor(tenant)
      }
      // No tenant is ever more than its largest request ahead of another.
      expect(Math.max(...taken) - Math.min(...taken)).toBeLessThanOrEqual(80)
    }),
  )
})
