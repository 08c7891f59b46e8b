/** The library's ledger: receipts of calls in a folder, there again for the next process, and none where no folder is set. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SIMPLE_PROMPT } from '../support/edge/canaries.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { createTestRouter } from './support.ts'

const ALL = { tenant: undefined }
const messages = [{ role: 'user', content: SIMPLE_PROMPT }] as const

test('keeps a receipt of each call, which the next router of the folder finds', async () => {
  const LEDGER_PATH = join(temporaryFolder(), 'receipts')
  const first = createTestRouter({ LEDGER_PATH })
  const reply = await first.generate(messages, { metadata: { user_id: 'anna' }, cache: 'skip' })
  for await (const _chunk of first.stream(messages, { cache: 'skip' }));
  await first.close()
  const second = createTestRouter({ LEDGER_PATH })
  const { receipts } = (await second.ledger?.list(ALL, {}, { limit: 10 })) ?? { receipts: [] }
  expect(receipts.map(({ stream }) => stream).toSorted()).toEqual([false, true])
  const kept = receipts.find(({ id }) => id === reply.requestId)
  expect(kept).toMatchObject({ surface: 'library', tenant: 'library', user: 'anna', outcome: 'completed' })
  expect(kept).not.toHaveProperty('content')
  await second.close()
})

test('keeps nothing where no folder is set', async () => {
  const router = createTestRouter()
  expect(router.ledger).toBeUndefined()
  await router.generate(messages)
  await router.close()
})

test('answers where the folder cannot be made', async () => {
  const router = createTestRouter({ LEDGER_PATH: '/dev/null/receipts' })
  expect((await router.generate(messages)).requestId).toMatch(/^req_/)
  await router.close()
})
