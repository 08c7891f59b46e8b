/**
 * What the OpenAPI document says of keys and limits at runtime. Where they are reached stands in `routes.ts`.
 */
import { tenantLimitsSchema } from '../budgets/limits.ts'
import { shownBudgetSchema } from './budget-schema.ts'
import { keyWithSecretSchema, shownKeySchema } from './key-schema.ts'
import { keyRevisionSchema, keyRotationSchema, newKeySchema } from './keys.ts'
import { body, inPath, type Operation, plain, ref, toSchema } from './openapi-parts.ts'

const text = { type: 'string' }
const ID = inPath('id', 'The id of the key, as the list has it.')
const TENANT = inPath('tenant', 'The name of a tenant, or * for every tenant that has no limits of its own.')
const USER = {
  name: 'user',
  in: 'query',
  description:
    'An end user, as receipts name it: what it has used of its own limits is told beside the rest.',
  schema: text,
}
const withSecret = (description: string) => plain(description, ref('KeyWithSecret'))
const limits = plain('The limits in force.', ref('TenantLimitsInForce'))

export const CONTROL_OPERATIONS = {
  createKey: {
    summary: 'Make a key',
    description:
      'Needs the admin key. The key is in this answer and nowhere else; its digest is kept. Limits are those of the tenant, whichever of its keys is used.',
    tags: ['keys'],
    requestBody: body('NewKey'),
    responses: { '201': withSecret('The key.')['200'], default: withSecret('').default },
  },
  listKeys: {
    summary: 'List the keys made at runtime',
    description: 'Needs the admin key. Keys of ROUTER_KEYS are not among them, and no key is shown.',
    tags: ['keys'],
    responses: plain('The list.', {
      type: 'object',
      properties: { data: { type: 'array', items: ref('Key') } },
    }),
  },
  rotateKey: {
    summary: 'Replace a key by a new one',
    description: 'Needs the admin key. The old one stays valid for graceSeconds.',
    tags: ['keys'],
    parameters: [ID],
    requestBody: body('KeyRotation'),
    responses: withSecret('The key with its new secret.'),
  },
  reviseKey: {
    summary: 'Change what a key may do and until when it is valid',
    description: 'Needs the admin key. What is not named stays; null takes away.',
    tags: ['keys'],
    parameters: [ID],
    requestBody: body('KeyRevision'),
    responses: plain('The key.', ref('Key')),
  },
  revokeKey: {
    summary: 'Revoke a key',
    description: 'Needs the admin key. It opens nothing from now on, in other instances within two seconds.',
    tags: ['keys'],
    parameters: [ID],
    responses: plain('What was revoked.'),
  },
  listBudgets: {
    summary: 'List the limits of all tenants',
    description: 'Needs the admin key. Those set at runtime and those of the settings.',
    tags: ['budgets'],
    responses: plain('The list.', {
      type: 'object',
      properties: { data: { type: 'array', items: ref('TenantLimitsInForce') } },
    }),
  },
  getBudget: {
    summary: "A tenant's limits and what is used of them",
    description: 'For the tenant itself and for the administrator.',
    tags: ['budgets'],
    parameters: [TENANT, USER],
    responses: limits,
  },
  setBudget: {
    summary: 'Set the limits of a tenant',
    description: 'Needs the admin key. They come before those of the settings, as a whole.',
    tags: ['budgets'],
    parameters: [TENANT],
    requestBody: body('TenantLimits'),
    responses: limits,
  },
  clearBudget: {
    summary: 'Return to the limits of the settings',
    description: 'Needs the admin key.',
    tags: ['budgets'],
    parameters: [TENANT],
    responses: limits,
  },
} as const satisfies Record<string, Operation>

/** Returns the schemas that these operations name. */
export function controlSchemas() {
  return {
    NewKey: toSchema(newKeySchema, 'output'),
    KeyRevision: toSchema(keyRevisionSchema, 'output'),
    KeyRotation: toSchema(keyRotationSchema),
    Key: toSchema(shownKeySchema),
    KeyWithSecret: toSchema(keyWithSecretSchema),
    TenantLimits: toSchema(tenantLimitsSchema, 'output'),
    TenantLimitsInForce: {
      ...toSchema(shownBudgetSchema, 'output'),
      properties: {
        ...toSchema(shownBudgetSchema, 'output').properties,
        limits: { anyOf: [ref('TenantLimits'), { type: 'null' }] },
      },
    },
  }
}
