/**
 * Which tokens end a model's turn: its own, as its configuration files state them, and the tokenizer's, which chat
 * templates close a turn with.
 */
import * as z from 'zod'

const endTokenSchema = z.looseObject({ eos_token_id: z.union([z.number(), z.array(z.number())]).nullish() })

/**
 * Returns the tokens' ids.
 * @param configurations what generation_config.json and config.json hold, or undefined where there is no such file
 * @param tokenizer transformers.js's
 */
export function endTokensOf(configurations: readonly unknown[], tokenizer: object): ReadonlySet<number> {
  const tokens = new Set<number>()
  for (const configuration of configurations) {
    const parsed = endTokenSchema.safeParse(configuration)
    for (const token of [parsed.data?.eos_token_id ?? []].flat()) tokens.add(token)
  }
  const own: unknown = Reflect.get(tokenizer, 'eos_token_id')
  if (typeof own === 'number') tokens.add(own)
  return tokens
}
