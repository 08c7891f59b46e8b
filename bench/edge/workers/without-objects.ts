/** The router whose receipts are put together as ever and then thrown away: no Durable Object is called for them. */
import { createDurableLedger } from '../../../edge/durable/durable-ledger.ts'
import { createAppendTogether } from '../../../edge/ledger/append-together.ts'
import { createBenchWorker } from './bench-worker.ts'

export { Account } from '../../../edge/durable/account.ts'
export { Receipts } from '../../../edge/durable/receipts.ts'
export { RouterState } from '../../../edge/durable/router-state.ts'
export { StoredResponses } from '../../../edge/durable/stored-responses.ts'

export default createBenchWorker((env) => ({
  ...createDurableLedger(env, 1),
  appendLater: createAppendTogether({ appendAll: async () => {}, sleep, now: () => Date.now() }),
}))

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
