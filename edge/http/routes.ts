/**
 * The one table of endpoints: router, access, error shape, 405 and `Allow`, CORS methods and the OpenAPI paths come from
 * it. What each endpoint does stands in its own file.
 */
import { createAssetNames } from '../pages/assets.ts'
import { createDashboardPages } from '../pages/dashboard/dashboard-pages.tsx'
import { createPages } from '../pages/pages.tsx'
import { createBatchHandlers } from './batches.ts'
import { createBudgetHandlers } from './budgets.ts'
import { createChatCompletionsHandler } from './chat-completions.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { createInputTokensHandler } from './count-input-tokens.ts'
import { createCountTokensHandler } from './count-tokens.ts'
import { createFeedbackHandler } from './feedback.ts'
import { createReadinessHandler, health } from './health.ts'
import { createKeptResponseHandlers } from './kept-responses.ts'
import { createKeyHandlers } from './keys.ts'
import { createMessagesHandler } from './messages.ts'
import { createMetricsHandler } from './metrics.ts'
import { createModelHandler, createModelList, createModelsHandler } from './models.ts'
import { OPERATIONS, type OpenApiDocument } from './openapi.ts'
import { createReceiptHandler, createReceiptListHandler } from './receipts.ts'
import { createResponsesHandler } from './responses.ts'
import {
  createExplainHandler,
  createStatusHandler,
  createStrategyHandler,
  createStrategyResetHandler,
} from './router.ts'
import { createUsageHandler } from './usage.ts'

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Hono's pattern. */
  readonly path: string
  /** The same endpoint under other names; not documented. */
  readonly aliases: readonly string[]
  /** `key`: a key of the router is needed; `session`: or the administrator's session; `open`: for everybody. */
  readonly access: 'key' | 'session' | 'open'
  /** The id of its documentation; absent for what is no part of the API. */
  readonly operation?: keyof typeof OPERATIONS
  readonly handle: (context: AppContext) => Response | Promise<Response>
}

/** Returns the table over its dependencies. */
export function createRoutes(dependencies: AppDependencies): readonly Route[] {
  const models = createModelList(dependencies)
  const assetNames = createAssetNames(dependencies.readAsset)
  const pages = createPages(() => openApiPaths(routes), assetNames)
  const dashboard = createDashboardPages(dependencies, assetNames)
  const batches = createBatchHandlers(dependencies)
  const keys = createKeyHandlers(dependencies)
  const budgets = createBudgetHandlers(dependencies)
  const kept = createKeptResponseHandlers(dependencies)
  const open = { access: 'open', aliases: [], method: 'GET' } as const
  const keyed = { access: 'key', aliases: [] } as const
  const shown = { access: 'session', aliases: [] } as const
  const routes: readonly Route[] = [
    { ...open, path: '/', handle: pages.landing },
    { ...open, path: '/docs', handle: pages.docs },
    { ...open, path: '/openapi.json', handle: pages.openApi },
    { ...open, path: '/dashboard', handle: dashboard.overview },
    { ...open, path: '/dashboard/requests', handle: dashboard.requests },
    { ...open, path: '/dashboard/requests/:id', handle: dashboard.receipt },
    { ...open, path: '/dashboard/keys', handle: dashboard.keys },
    { ...open, path: '/dashboard/budgets', handle: dashboard.budgets },
    { ...open, path: '/dashboard/login', handle: dashboard.logInForm },
    { ...open, method: 'POST', path: '/dashboard/login', handle: dashboard.logIn },
    { ...open, method: 'POST', path: '/dashboard/logout', handle: dashboard.logOut },
    // Clients look whether anybody is there before they send a request.
    { ...open, path: '/api/hello', handle: health },
    { ...open, path: '/healthz', operation: 'alive', handle: health },
    { ...open, path: '/readyz', operation: 'ready', handle: createReadinessHandler(dependencies) },
    {
      ...keyed,
      method: 'GET',
      path: '/metrics',
      operation: 'metrics',
      handle: createMetricsHandler(dependencies),
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/messages',
      aliases: ['/messages'],
      operation: 'createMessage',
      handle: createMessagesHandler(dependencies),
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/messages/count_tokens',
      aliases: ['/messages/count_tokens'],
      operation: 'countTokens',
      handle: createCountTokensHandler(dependencies),
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/messages/batches',
      aliases: ['/messages/batches'],
      operation: 'createBatch',
      handle: batches.create,
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/messages/batches',
      aliases: ['/messages/batches'],
      operation: 'listBatches',
      handle: batches.list,
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/messages/batches/:id',
      aliases: ['/messages/batches/:id'],
      operation: 'getBatch',
      handle: batches.retrieve,
    },
    {
      ...keyed,
      method: 'DELETE',
      path: '/v1/messages/batches/:id',
      aliases: ['/messages/batches/:id'],
      operation: 'deleteBatch',
      handle: batches.remove,
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/messages/batches/:id/cancel',
      aliases: ['/messages/batches/:id/cancel'],
      operation: 'cancelBatch',
      handle: batches.cancel,
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/messages/batches/:id/results',
      aliases: ['/messages/batches/:id/results'],
      operation: 'getBatchResults',
      handle: batches.results,
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/chat/completions',
      aliases: ['/chat/completions'],
      operation: 'createChatCompletion',
      handle: createChatCompletionsHandler(dependencies),
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/responses',
      aliases: ['/responses'],
      operation: 'createResponse',
      handle: createResponsesHandler(dependencies),
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/responses/input_tokens',
      aliases: ['/responses/input_tokens'],
      operation: 'countInputTokens',
      handle: createInputTokensHandler(dependencies),
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/responses/:id',
      aliases: ['/responses/:id'],
      operation: 'getResponse',
      handle: kept.read,
    },
    {
      ...keyed,
      method: 'DELETE',
      path: '/v1/responses/:id',
      aliases: ['/responses/:id'],
      operation: 'deleteResponse',
      handle: kept.remove,
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/responses/:id/input_items',
      aliases: ['/responses/:id/input_items'],
      operation: 'listInputItems',
      handle: kept.inputItems,
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/models',
      aliases: ['/models'],
      operation: 'listModels',
      handle: createModelsHandler(models),
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/models/:id{.+}',
      aliases: ['/models/:id{.+}'],
      operation: 'getModel',
      handle: createModelHandler(models),
    },
    {
      ...shown,
      method: 'GET',
      path: '/v1/router/status',
      operation: 'status',
      handle: createStatusHandler(dependencies),
    },
    {
      ...shown,
      method: 'PUT',
      path: '/v1/router/strategy',
      operation: 'setStrategy',
      handle: createStrategyHandler(dependencies),
    },
    {
      ...shown,
      method: 'DELETE',
      path: '/v1/router/strategy',
      operation: 'resetStrategy',
      handle: createStrategyResetHandler(dependencies),
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/router/explain',
      operation: 'explain',
      handle: createExplainHandler(dependencies),
    },
    {
      ...shown,
      method: 'POST',
      path: '/v1/router/keys',
      operation: 'createKey',
      handle: keys.create,
    },
    { ...shown, method: 'GET', path: '/v1/router/keys', operation: 'listKeys', handle: keys.list },
    {
      ...shown,
      method: 'POST',
      path: '/v1/router/keys/:id/rotate',
      operation: 'rotateKey',
      handle: keys.rotate,
    },
    {
      ...shown,
      method: 'PATCH',
      path: '/v1/router/keys/:id',
      operation: 'reviseKey',
      handle: keys.revise,
    },
    {
      ...shown,
      method: 'DELETE',
      path: '/v1/router/keys/:id',
      operation: 'revokeKey',
      handle: keys.revoke,
    },
    { ...shown, method: 'GET', path: '/v1/router/budgets', operation: 'listBudgets', handle: budgets.list },
    {
      ...shown,
      method: 'GET',
      path: '/v1/router/budgets/:tenant',
      operation: 'getBudget',
      handle: budgets.read,
    },
    {
      ...shown,
      method: 'PUT',
      path: '/v1/router/budgets/:tenant',
      operation: 'setBudget',
      handle: budgets.set,
    },
    {
      ...shown,
      method: 'DELETE',
      path: '/v1/router/budgets/:tenant',
      operation: 'clearBudget',
      handle: budgets.clear,
    },
    {
      ...shown,
      method: 'GET',
      path: '/v1/router/requests',
      operation: 'listRequests',
      handle: createReceiptListHandler(dependencies),
    },
    {
      ...shown,
      method: 'GET',
      path: '/v1/router/requests/:id',
      operation: 'getRequest',
      handle: createReceiptHandler(dependencies),
    },
    {
      ...shown,
      method: 'POST',
      path: '/v1/router/requests/:id/feedback',
      operation: 'giveFeedback',
      handle: createFeedbackHandler(dependencies),
    },
    {
      ...shown,
      method: 'GET',
      path: '/v1/router/usage',
      operation: 'usage',
      handle: createUsageHandler(dependencies),
    },
  ]
  return routes
}

/** Returns the methods that this path takes, in the table's order; empty where there is no such endpoint. */
export function allowedMethods(routes: readonly Route[], path: string): readonly string[] {
  return routes
    .filter((route) => [route.path, ...route.aliases].some((pattern) => matches(pattern, path)))
    .map(({ method }) => method)
}

/** Returns every method of the table, and HEAD, which every GET answers. */
export function allMethods(routes: readonly Route[]): string[] {
  return [...new Set([...routes.map(({ method }) => method), 'HEAD'])]
}

/** Returns the documented routes in OpenAPI's form. */
export function openApiPaths(routes: readonly Route[]): OpenApiDocument['paths'] {
  const paths: Record<string, OpenApiDocument['paths'][string]> = {}
  for (const { path, method, operation } of routes) {
    if (operation === undefined) continue
    const documented = path.replaceAll(PARAMETER, '{$1}')
    paths[documented] = {
      ...paths[documented],
      [method.toLowerCase()]: { operationId: operation, ...OPERATIONS[operation] },
    }
  }
  return paths
}

/** A parameter is one segment (`:id`) or the rest of the path (`:id{.+}`). */
const PARAMETER = /:(\w+)(?:\{\.\+\})?/g

function matches(pattern: string, path: string): boolean {
  const expected = pattern.split('/')
  const given = path.split('/')
  const takesRest = pattern.endsWith('{.+}')
  if (takesRest ? given.length < expected.length : given.length !== expected.length) return false
  return expected.every((segment, at) =>
    segment.startsWith(':') ? given.slice(at).join('/') !== '' : segment === given[at],
  )
}
