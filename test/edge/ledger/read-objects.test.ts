/** Many objects are asked a few at a time, and one that cannot be read is told of. */
import { expect, test } from 'vitest'
import { readObjects, type Unread } from '../../../edge/ledger/read-objects.ts'
import { RouterError } from '../../../shared/errors.ts'

const places = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ tenant: `tenant-${index}`, month: '2026-11' }))

test('asks all of them, never more than a few at once', async () => {
  let open = 0
  let most = 0
  const read = async ({ tenant }: { readonly tenant: string }) => {
    open += 1
    most = Math.max(most, open)
    await new Promise((resolve) => setImmediate(resolve))
    open -= 1
    return tenant
  }
  const answers = await readObjects(places(100), read, undefined)
  expect(new Set(answers).size).toBe(100)
  expect(most).toBe(16)
})

test('goes on without what cannot be read, and says so', async () => {
  const unread: Unread[] = []
  const read = async ({ tenant }: { readonly tenant: string }) => {
    if (tenant === 'tenant-1') throw new Error('away')
    return tenant
  }
  const answers = await readObjects(places(3), read, (each) => void unread.push(each))
  expect(answers).toEqual(['tenant-0', 'tenant-2'])
  expect(unread).toEqual([{ tenant: 'tenant-1', month: '2026-11' }])
  await expect(readObjects(places(3), read, undefined)).rejects.toThrow('away')
})

test('fails where nothing can be read, and where the question is wrong', async () => {
  const ignore = () => {}
  const away = () => Promise.reject(new Error('away'))
  await expect(readObjects(places(3), away, ignore)).rejects.toThrow('away')
  expect(await readObjects([], away, ignore)).toEqual([])
  const wrong = async ({ tenant }: { readonly tenant: string }) => {
    if (tenant === 'tenant-2') throw new RouterError('invalid_request', 'too many groups')
    return tenant
  }
  await expect(readObjects(places(3), wrong, ignore)).rejects.toThrow('too many groups')
})
