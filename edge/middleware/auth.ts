/**
 * Finds out who is asking, from `Authorization: Bearer` or `x-api-key`. The same answer for every wrong key.
 */
import type { MiddlewareHandler } from 'hono'
import { sha256Hex } from '../../shared/digest.ts'
import { RouterError } from '../../shared/errors.ts'
import type { Config } from '../config.ts'
import { FRESH_MS } from '../control/control-store.ts'
import { createKeyRing } from '../control/key-ring.ts'
import { hasRuntimeForm } from '../control/key-secret.ts'
import type { AppDependencies, AppEnvironment } from '../http/context.ts'
import type { ClientCredential } from '../request.ts'
import { CLIENT_PREFIX, findTenant, type Tenant } from '../tenants.ts'

/**
 * Returns the middleware. What is set at runtime has been asked for before.
 * @throws {RouterError} `unauthorized`; `unavailable` for what may be a key made at runtime while nobody can say
 */
export function authenticate({
  config,
  control,
  log,
  now,
}: Pick<AppDependencies, 'config' | 'control' | 'log' | 'now'>): MiddlewareHandler<AppEnvironment> {
  const keys = [...config.keys, ...config.adminKeys]
  /**
   * Right keys of the settings that were sent before. What a look-up's time tells is of a whole key, not of how it begins:
   * wrong ones are never in here.
   */
  const known = new Map<string, Tenant>()
  const findConfigured = async (key: string) => {
    const found = known.get(key) ?? (await findTenant(keys, key))
    if (found !== undefined) known.set(key, found)
    return found
  }
  const ring = createKeyRing(control.known)
  return async (context, next) => {
    const credentials = readCredentials(context.req.raw.headers)
    let tenant: Tenant | undefined
    let own: ClientCredential | undefined
    let isUncertain = false
    for (const credential of credentials) {
      const key = credential.value.replace(/^Bearer\s+/i, '')
      const found = (await findConfigured(key)) ?? (await ring.find(key, now()))
      if (found === 'unknown') isUncertain = true
      else if (found === undefined) own ??= hasRuntimeForm(key) ? undefined : credential
      else if (tenant === undefined || found.admin) tenant = found
    }
    tenant ??= await anonymousTenant(config, own)
    // To say that the key is wrong would make its owner give up; that it is right, nobody knows.
    if (tenant === undefined && isUncertain)
      throw new RouterError('unavailable', 'Keys cannot be checked at the moment. Try again.', {
        retryAfterMs: FRESH_MS,
      })
    if (tenant === undefined) {
      // The only trace of strangers: they must not be able to fill a ledger.
      log('[Router] Refused (no key of this router)', { requestId: context.get('requestId') })
      throw new RouterError(
        'unauthorized',
        'Send a key of this router in x-api-key or Authorization: Bearer.',
      )
    }
    context.set('tenant', tenant)
    // A key of the router is never sent on: only a credential that is none of ours can be the client's own.
    context.set('clientCredential', config.claude.keySource === 'client' ? own : undefined)
    await next()
  }
}

/** Without router keys, clients that bring a Claude key of their own must not share a cache. */
async function anonymousTenant(
  config: Config,
  own: ClientCredential | undefined,
): Promise<Tenant | undefined> {
  if (config.anonymous === undefined || config.claude.keySource !== 'client' || own === undefined)
    return config.anonymous
  return { ...config.anonymous, id: `${CLIENT_PREFIX}${(await sha256Hex(own.value)).slice(0, 16)}` }
}

function readCredentials(headers: Headers): ClientCredential[] {
  const found: ClientCredential[] = []
  const apiKey = headers.get('x-api-key')?.trim()
  if (apiKey) found.push({ header: 'x-api-key', value: apiKey })
  const authorization = headers.get('authorization')?.trim()
  if (authorization && /^Bearer\s+\S/i.test(authorization))
    found.push({ header: 'authorization', value: authorization })
  return found
}
