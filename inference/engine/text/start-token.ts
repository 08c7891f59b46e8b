/**
 * Which token an encoder-decoder's answers begin with, as its configuration files state it.
 */
import * as z from 'zod'

/** Tokens that `generate` would force or forbid while it makes an answer; our loop does not. */
const plainSchema = z.looseObject({
  forced_bos_token_id: z.null().optional(),
  forced_eos_token_id: z.null().optional(),
  forced_decoder_ids: z.null().optional(),
  suppress_tokens: z.null().optional(),
  begin_suppress_tokens: z.null().optional(),
})
const startSchema = z.looseObject({ decoder_start_token_id: z.number() })

/**
 * Returns the token's id; undefined where there is none, or further tokens are forced or forbidden.
 * @param configurations what generation_config.json and config.json hold, or undefined where there is no such file
 */
export function startTokenOf(configurations: readonly unknown[]): number | undefined {
  const present = configurations.filter((configuration) => configuration !== undefined)
  if (!present.every((configuration) => plainSchema.safeParse(configuration).success)) return undefined
  for (const configuration of present) {
    const parsed = startSchema.safeParse(configuration)
    if (parsed.success) return parsed.data.decoder_start_token_id
  }
  return undefined
}
