/** The router as shipped, whose ledger can be filled with receipts of requests that there never were: for pages over many. */
import { createDurableLedger } from '../../../edge/durable/durable-ledger.ts'
import type { LedgerBindings } from '../../../edge/durable/receipts.ts'
import type { ReceiptRecord } from '../../../edge/ledger/receipt-record.ts'
import { createBenchWorker } from './bench-worker.ts'

export { Account } from '../../../edge/durable/account.ts'
export { Receipts } from '../../../edge/durable/receipts.ts'
export { RouterState } from '../../../edge/durable/router-state.ts'
export { StoredResponses } from '../../../edge/durable/stored-responses.ts'

const router = createBenchWorker(
  (env) => createDurableLedger(env, 1),
  (path, env) => fetch(new URL(path, String(env.ASSETS_URL))),
)

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== '/bench/receipts')
      return (await router.fetch?.(request, env, context)) ?? new Response(null, { status: 500 })
    const records = await request.json<ReceiptRecord[]>()
    await createDurableLedger(env, 1).appendAll(records)
    return new Response(null, { status: 204 })
  },
} satisfies ExportedHandler<LedgerBindings>
