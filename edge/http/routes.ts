/**
 * The one table of endpoints: router, access, error shape, 405 and `Allow`, CORS methods and the OpenAPI paths come from
 * it. What each endpoint does stands in its own file.
 */
import { createAssetNames } from '../pages/assets.ts'
import type { AppDependencies } from './context.ts'
import { createReadinessHandler, health } from './health.ts'
import { createMessagesHandler } from './messages.ts'
import { familyOnDemand, type Handler, onDemand } from './on-demand.ts'
import type { OPERATIONS } from './openapi.ts'

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
  readonly handle: Handler
}

/** Returns the table over its dependencies. */
export function createRoutes(dependencies: AppDependencies): readonly Route[] {
  const assetNames = createAssetNames(dependencies.readAsset)
  const pages = familyOnDemand(async () => {
    const [{ createPages }, { openApiPaths }] = await Promise.all([
      import('../pages/pages.tsx'),
      import('./openapi-paths.ts'),
    ])
    return createPages(() => openApiPaths(routes), assetNames)
  })
  const dashboard = familyOnDemand(async () =>
    (await import('../pages/dashboard/dashboard-pages.tsx')).createDashboardPages(dependencies, assetNames),
  )
  const batches = familyOnDemand(async () => (await import('./batches.ts')).createBatchHandlers(dependencies))
  const keys = familyOnDemand(async () => (await import('./keys.ts')).createKeyHandlers(dependencies))
  const budgets = familyOnDemand(async () =>
    (await import('./budgets.ts')).createBudgetHandlers(dependencies),
  )
  const kept = familyOnDemand(async () =>
    (await import('./kept-responses.ts')).createKeptResponseHandlers(dependencies),
  )
  const models = familyOnDemand(async () => {
    const { createModelHandler, createModelList, createModelsHandler } = await import('./models.ts')
    const list = createModelList(dependencies)
    return { all: createModelsHandler(list), one: createModelHandler(list) }
  })
  const open = { access: 'open', aliases: [], method: 'GET' } as const
  const keyed = { access: 'key', aliases: [] } as const
  const shown = { access: 'session', aliases: [] } as const
  const routes: readonly Route[] = [
    { ...open, path: '/', handle: pages('landing') },
    { ...open, path: '/docs', handle: pages('docs') },
    { ...open, path: '/openapi.json', handle: pages('openApi') },
    { ...open, path: '/dashboard', handle: dashboard('overview') },
    { ...open, path: '/dashboard/requests', handle: dashboard('requests') },
    { ...open, path: '/dashboard/requests/:id', handle: dashboard('receipt') },
    { ...open, path: '/dashboard/keys', handle: dashboard('keys') },
    { ...open, path: '/dashboard/budgets', handle: dashboard('budgets') },
    { ...open, path: '/dashboard/login', handle: dashboard('logInForm') },
    { ...open, method: 'POST', path: '/dashboard/login', handle: dashboard('logIn') },
    { ...open, method: 'POST', path: '/dashboard/logout', handle: dashboard('logOut') },
    // Clients look whether anybody is there before they send a request.
    { ...open, path: '/api/hello', handle: health },
    { ...open, path: '/healthz', operation: 'alive', handle: health },
    { ...open, path: '/readyz', operation: 'ready', handle: createReadinessHandler(dependencies) },
    {
      ...keyed,
      method: 'GET',
      path: '/metrics',
      operation: 'metrics',
      handle: onDemand(async () => (await import('./metrics.ts')).createMetricsHandler(dependencies)),
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
      handle: onDemand(async () =>
        (await import('./count-tokens.ts')).createCountTokensHandler(dependencies),
      ),
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/messages/batches',
      aliases: ['/messages/batches'],
      operation: 'createBatch',
      handle: batches('create'),
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/messages/batches',
      aliases: ['/messages/batches'],
      operation: 'listBatches',
      handle: batches('list'),
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/messages/batches/:id',
      aliases: ['/messages/batches/:id'],
      operation: 'getBatch',
      handle: batches('retrieve'),
    },
    {
      ...keyed,
      method: 'DELETE',
      path: '/v1/messages/batches/:id',
      aliases: ['/messages/batches/:id'],
      operation: 'deleteBatch',
      handle: batches('remove'),
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/messages/batches/:id/cancel',
      aliases: ['/messages/batches/:id/cancel'],
      operation: 'cancelBatch',
      handle: batches('cancel'),
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/messages/batches/:id/results',
      aliases: ['/messages/batches/:id/results'],
      operation: 'getBatchResults',
      handle: batches('results'),
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/chat/completions',
      aliases: ['/chat/completions'],
      operation: 'createChatCompletion',
      handle: onDemand(async () =>
        (await import('./chat-completions.ts')).createChatCompletionsHandler(dependencies),
      ),
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/responses',
      aliases: ['/responses'],
      operation: 'createResponse',
      handle: onDemand(async () => (await import('./responses.ts')).createResponsesHandler(dependencies)),
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/responses/input_tokens',
      aliases: ['/responses/input_tokens'],
      operation: 'countInputTokens',
      handle: onDemand(async () =>
        (await import('./count-input-tokens.ts')).createInputTokensHandler(dependencies),
      ),
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/responses/:id',
      aliases: ['/responses/:id'],
      operation: 'getResponse',
      handle: kept('read'),
    },
    {
      ...keyed,
      method: 'DELETE',
      path: '/v1/responses/:id',
      aliases: ['/responses/:id'],
      operation: 'deleteResponse',
      handle: kept('remove'),
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/responses/:id/input_items',
      aliases: ['/responses/:id/input_items'],
      operation: 'listInputItems',
      handle: kept('inputItems'),
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/models',
      aliases: ['/models'],
      operation: 'listModels',
      handle: models('all'),
    },
    {
      ...keyed,
      method: 'GET',
      path: '/v1/models/:id{.+}',
      aliases: ['/models/:id{.+}'],
      operation: 'getModel',
      handle: models('one'),
    },
    {
      ...shown,
      method: 'GET',
      path: '/v1/router/status',
      operation: 'status',
      handle: onDemand(async () => (await import('./router.ts')).createStatusHandler(dependencies)),
    },
    {
      ...shown,
      method: 'PUT',
      path: '/v1/router/strategy',
      operation: 'setStrategy',
      handle: onDemand(async () => (await import('./router.ts')).createStrategyHandler(dependencies)),
    },
    {
      ...shown,
      method: 'DELETE',
      path: '/v1/router/strategy',
      operation: 'resetStrategy',
      handle: onDemand(async () => (await import('./router.ts')).createStrategyResetHandler(dependencies)),
    },
    {
      ...keyed,
      method: 'POST',
      path: '/v1/router/explain',
      operation: 'explain',
      handle: onDemand(async () => (await import('./router.ts')).createExplainHandler(dependencies)),
    },
    {
      ...shown,
      method: 'POST',
      path: '/v1/router/keys',
      operation: 'createKey',
      handle: keys('create'),
    },
    { ...shown, method: 'GET', path: '/v1/router/keys', operation: 'listKeys', handle: keys('list') },
    {
      ...shown,
      method: 'POST',
      path: '/v1/router/keys/:id/rotate',
      operation: 'rotateKey',
      handle: keys('rotate'),
    },
    {
      ...shown,
      method: 'PATCH',
      path: '/v1/router/keys/:id',
      operation: 'reviseKey',
      handle: keys('revise'),
    },
    {
      ...shown,
      method: 'DELETE',
      path: '/v1/router/keys/:id',
      operation: 'revokeKey',
      handle: keys('revoke'),
    },
    {
      ...shown,
      method: 'GET',
      path: '/v1/router/budgets',
      operation: 'listBudgets',
      handle: budgets('list'),
    },
    {
      ...shown,
      method: 'GET',
      path: '/v1/router/budgets/:tenant',
      operation: 'getBudget',
      handle: budgets('read'),
    },
    {
      ...shown,
      method: 'PUT',
      path: '/v1/router/budgets/:tenant',
      operation: 'setBudget',
      handle: budgets('set'),
    },
    {
      ...shown,
      method: 'DELETE',
      path: '/v1/router/budgets/:tenant',
      operation: 'clearBudget',
      handle: budgets('clear'),
    },
    {
      ...shown,
      method: 'GET',
      path: '/v1/router/requests',
      operation: 'listRequests',
      handle: onDemand(async () => (await import('./receipts.ts')).createReceiptListHandler(dependencies)),
    },
    {
      ...shown,
      method: 'GET',
      path: '/v1/router/requests/:id',
      operation: 'getRequest',
      handle: onDemand(async () => (await import('./receipts.ts')).createReceiptHandler(dependencies)),
    },
    {
      ...shown,
      method: 'POST',
      path: '/v1/router/requests/:id/feedback',
      operation: 'giveFeedback',
      handle: onDemand(async () => (await import('./feedback.ts')).createFeedbackHandler(dependencies)),
    },
    {
      ...shown,
      method: 'GET',
      path: '/v1/router/usage',
      operation: 'usage',
      handle: onDemand(async () => (await import('./usage.ts')).createUsageHandler(dependencies)),
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

function matches(pattern: string, path: string): boolean {
  const expected = pattern.split('/')
  const given = path.split('/')
  const takesRest = pattern.endsWith('{.+}')
  if (takesRest ? given.length < expected.length : given.length !== expected.length) return false
  return expected.every((segment, at) =>
    segment.startsWith(':') ? given.slice(at).join('/') !== '' : segment === given[at],
  )
}
