import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ResponseShelf } from '../../../../edge/responses/store/response-store.ts'
import { createTimedStore } from '../../../../edge/responses/store/timed-store.ts'
import { kept, testResponseStore } from '../../../contract/response-store.ts'
import { createSqliteResponses } from '../../../support/edge/sqlite-responses.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

testResponseStore('a timed store', async () => createTimedStore(createSqliteResponses({ now: () => 0 })))

const shelfOf = (work: () => Promise<never>) =>
  createTimedStore({
    of: (): ResponseShelf => ({ keep: work, chain: work, gather: work, find: work, remove: work }),
  }).of('alice')

const CALLS: Readonly<Record<string, (shelf: ResponseShelf) => Promise<unknown>>> = {
  keep: (shelf) => shelf.keep(kept()),
  chain: (shelf) => shelf.chain('resp_1', 1),
  gather: (shelf) => shelf.gather(['resp_1'], 1),
  find: (shelf) => shelf.find('resp_1'),
  remove: (shelf) => shelf.remove('resp_1'),
}

test.each(Object.entries(CALLS))('%s is given up where the store hangs', async (name, call) => {
  const result = expect(call(shelfOf(() => new Promise(() => {})))).rejects.toMatchObject({
    code: 'unavailable',
    status: 503,
    retryAfterMs: 2_000,
  })
  await vi.advanceTimersByTimeAsync(name === 'keep' ? 1_000 : 3_000)
  await result
})

test.each(Object.entries(CALLS))('%s that fails says nothing of why', async (_, call) => {
  const fail = async () => {
    throw new Error('storage-internals-canary')
  }
  await expect(call(shelfOf(fail))).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.not.stringContaining('canary'),
  })
})
