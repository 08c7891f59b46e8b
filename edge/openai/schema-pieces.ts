/**
 * The pieces that schemas of OpenAI's requests are made of, each with the words of its complaint. Knows no format.
 */
import * as z from 'zod/mini'
import { EFFORTS } from './answer-format.ts'

export const text = z.string({ error: 'must be a string' })
export const name = z
  .string({ error: 'must be a string' })
  .check(z.minLength(1, { error: 'must not be empty' }), z.maxLength(256, { error: 'is too long' }))
export const flag = z.nullish(z.boolean({ error: 'must be true or false' }))
export const jsonObject = z.record(z.string(), z.unknown(), { error: 'must be a JSON object' })
export const CACHE_CONTROL = 'must be an object such as {"type": "ephemeral"}'
/** Claude's own field, which clients made for several vendors put into OpenAI's shapes. */
export const cacheControl = z.nullish(z.looseObject({ type: text }, { error: CACHE_CONTROL }))

/**
 * An array that is checked up to its first wrong item: a body may hold hundreds of thousands of them. The API's
 * documentation, which is made of these schemas, shows the items all the same.
 */
export function listOf<T extends z.ZodMiniType>(item: T, error: string) {
  const documentation = {
    get items() {
      const { $schema: _, ...schema } = z.toJSONSchema(item, { io: 'input', unrepresentable: 'any' })
      return schema
    },
  }
  return z.pipe(
    z.array(z.unknown(), { error }).register(z.globalRegistry, documentation),
    z.transform((values, { issues }) => {
      const parsed: z.output<T>[] = []
      for (const [at, value] of values.entries()) {
        const result = item.safeParse(value)
        if (!result.success) {
          const [issue] = result.error.issues
          issues.push({
            code: 'custom',
            input: values,
            path: [at, ...(issue?.path ?? [])],
            message: issue?.message ?? error,
          })
          return z.NEVER
        }
        parsed.push(result.data)
      }
      return parsed
    }),
  )
}

/** An optional whole number from `minimum` on. */
export function wholeNumber(minimum: number, error: string) {
  return z.nullish(z.int({ error }).check(z.minimum(minimum, { error })))
}

/** An optional number, both bounds included. */
export function numberBetween(minimum: number, maximum: number) {
  const error = `must be a number from ${minimum} to ${maximum}`
  return z.nullish(z.number({ error }).check(z.minimum(minimum, { error }), z.maximum(maximum, { error })))
}

export const identity = z.nullish(z.string({ error: 'must be a string, such as "user-17"' }))

export const effort = z.nullish(
  z.enum(EFFORTS, { error: `must be one of ${EFFORTS.map((each) => `"${each}"`).join(', ')}` }),
)

const TOP_LOGPROBS = 'must be a whole number from 0 to 20'
export const topLogprobs = z.nullish(
  z
    .int({ error: TOP_LOGPROBS })
    .check(z.minimum(0, { error: TOP_LOGPROBS }), z.maximum(20, { error: TOP_LOGPROBS })),
)

/** Returns the names of a schema's fields. */
export const fieldsOf = ({ shape }: { readonly shape: object }): ReadonlySet<string> =>
  new Set(Object.keys(shape))
