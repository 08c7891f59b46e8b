/**
 * The Worker: environment → settings → parts → app. Exports the Durable Objects. Nothing else touches `env`.
 */
import type { Hono } from 'hono'
import { errorBody, RouterError } from '../shared/errors.ts'
import { createLog, type Log, type LogFormat } from '../shared/log.ts'
import { createApp } from './app.ts'
import { composeDependencies } from './compose.ts'
import { type Config, readConfig } from './config.ts'
import { createDurableControlRecord } from './durable/control-record.ts'
import { createDurableAccounts } from './durable/durable-accounts.ts'
import { createDurableBatchBook } from './durable/durable-batch-book.ts'
import { createDurableLedger } from './durable/durable-ledger.ts'
import { createDurableResponses } from './durable/durable-responses.ts'
import type { LedgerBindings } from './durable/receipts.ts'
import type { StoredResponses } from './durable/stored-responses.ts'
import type { AppEnvironment } from './http/context.ts'
import { createRequestId, cryptoRandomBytes } from './ledger/request-id.ts'
import { decodeClassifier } from './routing/classifier/classifier-model.ts'
import weights from './routing/classifier/weights.bin'
import type { WorkersAiBinding } from './routing/second-look/decision-model.ts'

export { Account } from './durable/account.ts'
export { Receipts } from './durable/receipts.ts'
export { RouterState } from './durable/router-state.ts'
export { StoredResponses } from './durable/stored-responses.ts'

type Environment = LedgerBindings & {
  readonly STORED_RESPONSES: DurableObjectNamespace<StoredResponses>
  readonly ASSETS: Fetcher
  /** Only where wrangler.toml binds it. */
  readonly AI?: WorkersAiBinding
}
type Built = { readonly app: Hono<AppEnvironment> } | { readonly problems: readonly string[] }

let built: Built | undefined

export default {
  async fetch(request, env, context) {
    // No promise is kept: work begun by one request cannot be awaited by another.
    built ??= await build(env)
    if ('app' in built) return built.app.fetch(request, env, context)
    return misconfigured(request, built.problems)
  },
} satisfies ExportedHandler<Environment>

async function build(env: Environment): Promise<Built> {
  const result = await readConfig(env)
  if (!result.ok) {
    const log = createConsoleLog(env.LOG_FORMAT === 'text' ? 'text' : 'json')
    for (const problem of result.problems) log('[Router] Setting wrong', { problem }, 'error')
    return { problems: result.problems }
  }
  return { app: createApp(compose(result.config, env)) }
}

function compose(config: Config, env: Environment) {
  return composeDependencies(config, {
    fetch: (input, init) => fetch(input, init),
    // The host is not looked at.
    readAsset: (path) => env.ASSETS.fetch(new URL(path, 'https://assets.invalid')),
    log: createConsoleLog(config.logFormat),
    now: () => Date.now(),
    random: Math.random,
    createId: (at) => createRequestId(at, cryptoRandomBytes),
    classifierModel: decodeClassifier(new Uint8Array(weights)),
    workersAi: env.AI,
    controlRecord: createDurableControlRecord(env.ROUTER_STATE, config.strategy),
    ledger: createDurableLedger(env, config.ledgerShards),
    accounts: createDurableAccounts(env.ACCOUNT),
    batchBook: createDurableBatchBook(env.ACCOUNT),
    responses: createDurableResponses(env.STORED_RESPONSES),
  })
}

/** Fails closed: without sound settings nobody is let in, and the answer names what to set. */
function misconfigured(request: Request, problems: readonly string[]): Response {
  if (new URL(request.url).pathname === '/healthz') return Response.json({ status: 'ok' })
  const error = new RouterError('configuration', `The router is not configured: ${problems.join('; ')}.`)
  const headers = {
    'x-should-retry': 'false',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  }
  return Response.json(errorBody(error), { status: error.status, headers })
}

function createConsoleLog(format: LogFormat): Log {
  return createLog(format, (line, level) => (level === 'error' ? console.error(line) : console.log(line)))
}
