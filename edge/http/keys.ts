/**
 * `/v1/router/keys…`, for the administrator: keys made at runtime. A key itself is in the answer that makes it and
 * nowhere else.
 */
import * as z from 'zod/mini'
import { sha256Hex } from '../../shared/digest.ts'
import { RouterError } from '../../shared/errors.ts'
import { tenantLimitsSchema } from '../budgets/limits.ts'
import type { ControlState } from '../control/control-state.ts'
import { createKeySecret, type KeySecret, SECRET_BYTES } from '../control/key-secret.ts'
import type { RuntimeKey } from '../control/runtime-key.ts'
import type { Strategy } from '../strategy.ts'
import { strictMembers } from '../strict-members.ts'
import { POLICY_MEMBERS } from '../tenant-policy.ts'
import { reservedProblem, tenantIdSchema } from '../tenants.ts'
import { changeControl, readAdminBody, requireKnown } from './admin-body.ts'
import type { AppContext, AppDependencies } from './context.ts'
import type { ShownKey } from './key-schema.ts'
import { requireAdmin } from './require-admin.ts'

const dateError = 'must be a date and time such as "2027-01-31T12:00:00Z"'
const dateTime = z
  .string({ error: dateError })
  .check(z.refine((value) => isDateTime(value), { error: dateError }))
const MOST_GRACE_SECONDS = 30 * 24 * 60 * 60
const graceError = `must be a whole number of seconds from 0 to ${MOST_GRACE_SECONDS}`

export const newKeySchema = strictMembers({
  tenant: tenantIdSchema,
  strategy: z.optional(POLICY_MEMBERS.strategy),
  models: z.optional(POLICY_MEMBERS.models),
  forbid: z.optional(POLICY_MEMBERS.forbid),
  promptCache: z.optional(POLICY_MEMBERS.promptCache),
  expiresAt: z.optional(dateTime),
  limits: z.optional(tenantLimitsSchema),
})
export const keyRevisionSchema = strictMembers({
  strategy: z.optional(z.nullable(POLICY_MEMBERS.strategy)),
  models: z.optional(z.nullable(POLICY_MEMBERS.models)),
  forbid: z.optional(POLICY_MEMBERS.forbid),
  promptCache: z.optional(z.nullable(POLICY_MEMBERS.promptCache)),
  expiresAt: z.optional(z.nullable(dateTime)),
  limits: z.optional(z.nullable(tenantLimitsSchema)),
})
export const keyRotationSchema = strictMembers({
  graceSeconds: z
    .int({ error: graceError })
    .check(z.minimum(0, { error: graceError }), z.maximum(MOST_GRACE_SECONDS, { error: graceError })),
})

type Handler = (context: AppContext) => Promise<Response>
export type KeyHandlers = Readonly<Record<'create' | 'list' | 'rotate' | 'revise' | 'revoke', Handler>>

/** Returns the handlers. */
export function createKeyHandlers(dependencies: AppDependencies): KeyHandlers {
  const { config, control, now, log } = dependencies
  const forAdmin =
    (handle: Handler): Handler =>
    async (context) => {
      requireAdmin(dependencies, context, 'Managing keys')
      return handle(context)
    }
  const requireUsable = (strategy: Strategy | null | undefined) => {
    if (strategy === 'local_only' && config.local === undefined)
      throw new RouterError('invalid_request', 'strategy local_only needs LOCAL_LLM_ENABLED=true')
  }
  const logged = (message: string, { id, tenant }: Pick<RuntimeKey, 'id' | 'tenant'>, context: AppContext) =>
    log(`[Router] ${message}`, { key: id, tenant, requestId: context.get('requestId') })

  return {
    create: forAdmin(async (context) => {
      const { limits, expiresAt, ...body } = await readAdminBody(context, newKeySchema)
      const reserved = reservedProblem(body.tenant)
      if (reserved !== undefined) throw new RouterError('invalid_request', `tenant: ${reserved}`)
      requireUsable(body.strategy)
      const at = now()
      const expiry = momentOf(expiresAt)
      if (expiry !== null && expiry <= at)
        throw new RouterError('invalid_request', 'expiresAt must be in the future')
      const { secret, prefix } = newSecret()
      const key: RuntimeKey = {
        ...body,
        id: `key_${crypto.randomUUID().replaceAll('-', '').slice(0, 20)}`,
        prefix,
        digest: await sha256Hex(secret),
        retired: [],
        createdAt: at,
        rotatedAt: null,
        expiresAt: expiry,
        forbid: body.forbid ?? [],
      }
      await changeControl(control, { kind: 'create_key', key, limits })
      logged('Key created', key, context)
      return context.json({ ...describeKey(key, at), key: secret }, 201)
    }),
    list: forAdmin(async (context) => {
      const at = now()
      // What stores hand back is in the order of ids, which are made by chance.
      const keys = [...requireKnown(control).keys.values()].sort((a, b) => a.createdAt - b.createdAt)
      return context.json({ data: keys.map((key) => describeKey(key, at)) })
    }),
    rotate: forAdmin(async (context) => {
      const id = idOf(context)
      const { graceSeconds } = await readAdminBody(context, keyRotationSchema)
      const at = now()
      const { secret, prefix } = newSecret()
      const digest = await sha256Hex(secret)
      const graceUntil = at + graceSeconds * 1_000
      const change = { kind: 'rotate_key', id, digest, prefix, at, graceUntil } as const
      const key = keyIn(await changeControl(control, change), id)
      logged('Key rotated', key, context)
      return context.json({ ...describeKey(key, at), key: secret })
    }),
    revise: forAdmin(async (context) => {
      const id = idOf(context)
      const { limits, expiresAt, ...policy } = await readAdminBody(context, keyRevisionSchema)
      requireUsable(policy.strategy)
      const revision = { ...policy, ...(expiresAt === undefined ? {} : { expiresAt: momentOf(expiresAt) }) }
      const key = keyIn(await changeControl(control, { kind: 'revise_key', id, revision, limits }), id)
      logged('Key changed', key, context)
      return context.json(describeKey(key, now()))
    }),
    revoke: forAdmin(async (context) => {
      const id = idOf(context)
      await changeControl(control, { kind: 'revoke_key', id })
      log('[Router] Key revoked', { key: id, requestId: context.get('requestId') })
      return context.json({ id, revoked: true })
    }),
  }
}

/** Returns what may be shown of a key; times in ISO 8601. */
function describeKey(key: RuntimeKey, at: number): ShownKey {
  const {
    id,
    tenant,
    prefix,
    createdAt,
    rotatedAt,
    expiresAt,
    retired,
    strategy,
    models,
    forbid,
    promptCache,
  } = key
  return {
    id,
    tenant,
    prefix,
    createdAt: new Date(createdAt).toISOString(),
    rotatedAt: toIso(rotatedAt),
    expiresAt: toIso(expiresAt),
    expired: expiresAt !== null && expiresAt <= at,
    earlierValidUntil: retired
      .filter(({ until }) => until > at)
      .map(({ until }) => new Date(until).toISOString()),
    strategy: strategy ?? null,
    models: models ?? null,
    forbid: [...forbid],
    promptCache: promptCache ?? null,
  }
}

function newSecret(): KeySecret {
  return createKeySecret(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))
}

function idOf(context: AppContext): string {
  return context.req.param('id') ?? ''
}

function keyIn({ keys }: ControlState, id: string): RuntimeKey {
  const key = keys.get(id)
  if (key === undefined) throw new RouterError('not_found', 'The key has been revoked meanwhile.')
  return key
}

/** With its zone: without one the same text is another moment on another machine. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/

function isDateTime(value: string): boolean {
  if (!DATE_TIME.test(value) || Number.isNaN(Date.parse(value))) return false
  // A day that no calendar has would be taken for one of the next month.
  const day = value.slice(0, '2027-01-31'.length)
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
}

function momentOf(value: string | null | undefined): number | null {
  return value === null || value === undefined ? null : Date.parse(value)
}

function toIso(moment: number | null): string | null {
  return moment === null ? null : new Date(moment).toISOString()
}
