/** The router without a ledger: log lines and headers, no receipt is kept or even put together. */
import { createBenchWorker } from './bench-worker.ts'

export { Account } from '../../../edge/durable/account.ts'
export { Receipts } from '../../../edge/durable/receipts.ts'
export { RouterState } from '../../../edge/durable/router-state.ts'
export { StoredResponses } from '../../../edge/durable/stored-responses.ts'

export default createBenchWorker(() => undefined)
