/**
 * The router's own endpoints: what it is doing (`status`), what it would do (`explain`), what it shall do (`strategy`).
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'
import { parseJsonBody } from '../../shared/json.ts'
import { namedUser } from '../ledger/end-user.ts'
import { isClaudeConfigured } from '../providers/claude/headers.ts'
import { effectiveCard } from '../routing/trust.ts'
import { STRATEGIES } from '../strategy.ts'
import { VERSION } from '../version.ts'
import { clientSignal } from './answer.ts'
import type { AppContext, AppDependencies } from './context.ts'
import { waitUntilOf } from './context.ts'
import { readJsonBytes } from './read-body.ts'
import { checkBody, createRouterRequest } from './read-request.ts'
import { createUserReader } from './read-user.ts'
import { requireAdmin } from './require-admin.ts'

const strategySchema = z.object({ strategy: z.enum(STRATEGIES) })
const MAX_ADMIN_BYTES = 4_096

/** `GET /v1/router/status` */
export function createStatusHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const { config, local, cache, strategies, thresholds } = dependencies
  return async (context) => {
    await local?.refresh(waitUntilOf(context))
    const servers = local?.describe() ?? []
    return context.json({
      version: VERSION,
      strategy: await strategies.current(waitUntilOf(context)),
      configuredStrategy: config.strategy,
      thresholds,
      claude: {
        available: isClaudeConfigured(config.claude),
        keySource: config.claude.keySource,
        model: config.claude.model,
        simpleModel: config.claude.simpleModel,
      },
      local: {
        enabled: local !== undefined,
        available: servers.some((server) => server.state === 'ready'),
        model: local?.modelName() ?? null,
        card: local === undefined ? null : effectiveCard(local.model()?.card, config.local?.tasks ?? 'auto'),
        servers,
      },
      cache: { ...cache.stats(), ttlSeconds: config.cache.ttlSeconds, scope: 'isolate' },
    })
  }
}

/** `PUT /v1/router/strategy`, admin only */
export function createStrategyHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const { config, strategies, log } = dependencies
  return async (context) => {
    requireAdmin(dependencies, context, 'Changing the strategy')
    const { value } = parseJsonBody(await readJsonBytes(context.req.raw, MAX_ADMIN_BYTES))
    const parsed = strategySchema.safeParse(value)
    if (!parsed.success)
      throw new RouterError('invalid_request', `strategy: must be one of ${STRATEGIES.join(', ')}`)
    const { strategy } = parsed.data
    if (strategy === 'local_only' && config.local === undefined)
      throw new RouterError('invalid_request', 'strategy: local_only needs LOCAL_LLM_ENABLED=true')
    await stored(strategies.set(strategy))
    log('[Router] Strategy changed', { strategy, requestId: context.get('requestId') })
    return context.json({ strategy })
  }
}

/** `DELETE /v1/router/strategy`, admin only: the configured strategy holds again */
export function createStrategyResetHandler(
  dependencies: AppDependencies,
): (context: AppContext) => Promise<Response> {
  const { config, strategies, log } = dependencies
  return async (context) => {
    requireAdmin(dependencies, context, 'Changing the strategy')
    await stored(strategies.reset())
    log('[Router] Strategy reset', { strategy: config.strategy, requestId: context.get('requestId') })
    return context.json({ strategy: config.strategy })
  }
}

async function stored(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (cause) {
    throw new RouterError('unavailable', 'The strategy could not be stored. Try again.', { cause })
  }
}

/** `POST /v1/router/explain` */
export function createExplainHandler({
  config,
  explain,
}: AppDependencies): (context: AppContext) => Promise<Response> {
  const readUser = createUserReader(config.users)
  return async (context) => {
    if (context.get('tenant').forbid.includes('explain'))
      throw new RouterError('forbidden', 'Explanations are not allowed for this key.')
    const body = checkBody(await readJsonBytes(context.req.raw, config.maxBodyBytes))
    const user = await readUser(context, namedUser(body.value))
    const request = createRouterRequest(context, body, clientSignal(context).signal, { user })
    return context.json(await explain(request))
  }
}
