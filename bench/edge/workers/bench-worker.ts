/**
 * The router's Worker as `edge/index.ts` composes it, but with the ledger that the bench names: there is no setting for
 * that. Misconfiguration is not looked after.
 */

import { createApp } from '../../../edge/app.ts'
import { composeDependencies } from '../../../edge/compose.ts'
import { readConfig } from '../../../edge/config.ts'
import { createDurableControlRecord } from '../../../edge/durable/control-record.ts'
import { createDurableAccounts } from '../../../edge/durable/durable-accounts.ts'
import { createDurableBatchBook } from '../../../edge/durable/durable-batch-book.ts'
import type { LedgerBindings } from '../../../edge/durable/receipts.ts'
import type { Ledger } from '../../../edge/ledger/ledger.ts'
import { createRequestId, cryptoRandomBytes } from '../../../edge/ledger/request-id.ts'
import { decodeClassifier } from '../../../edge/routing/classifier/classifier-model.ts'
import weights from '../../../edge/routing/classifier/weights.bin'
import { createLog } from '../../../shared/log.ts'

/**
 * Returns the Worker.
 * @param ledgerOf where its receipts are kept; undefined: nowhere
 * @param readAsset where its pages find the names of what they load; absent: nowhere
 */
export function createBenchWorker(
  ledgerOf: (env: LedgerBindings) => Ledger | undefined,
  readAsset: (path: string, env: LedgerBindings) => Promise<Response> = async () =>
    new Response(null, { status: 404 }),
): ExportedHandler<LedgerBindings> {
  let app: Awaited<ReturnType<typeof build>> | undefined
  async function build(env: LedgerBindings) {
    const result = await readConfig(env)
    if (!result.ok) throw new Error(result.problems.join('; '))
    const { config } = result
    return createApp(
      composeDependencies(config, {
        fetch: (input, init) => fetch(input, init),
        readAsset: (path) => readAsset(path, env),
        log: createLog(config.logFormat, (line, level) =>
          level === 'error' ? console.error(line) : console.log(line),
        ),
        now: () => Date.now(),
        random: Math.random,
        createId: (at) => createRequestId(at, cryptoRandomBytes),
        classifierModel: decodeClassifier(new Uint8Array(weights)),
        controlRecord: createDurableControlRecord(env.ROUTER_STATE, config.strategy),
        ledger: ledgerOf(env),
        accounts: createDurableAccounts(env.ACCOUNT),
        batchBook: createDurableBatchBook(env.ACCOUNT),
      }),
    )
  }
  return {
    async fetch(request, env, context) {
      app ??= await build(env)
      return app.fetch(request, env, context)
    },
  }
}
