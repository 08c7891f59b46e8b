/**
 * The tokenizer of a model whose files are on disk, by transformers.js. Loads no weights.
 */
import { AutoTokenizer, env, LogLevel, type PreTrainedTokenizer } from '@xenova/transformers'

/** Keeps transformers.js to files on disk, and silent: its error log prints token ids of prompts. */
export function confineTransformers(): void {
  env.logLevel = LogLevel.NONE
  env.allowRemoteModels = false
  env.useFSCache = false
  env.useBrowserCache = false
  env.useWasmCache = false
}

/** Returns the tokenizer in a folder. */
export async function loadTokenizer(folder: string): Promise<PreTrainedTokenizer> {
  confineTransformers()
  return await AutoTokenizer.from_pretrained(folder)
}

/** Returns the text of tokens as it is, special tokens left out. */
export function createDecode(tokenizer: PreTrainedTokenizer): (tokens: number[]) => string {
  return (tokens) =>
    tokenizer.decode(tokens, { skip_special_tokens: true, clean_up_tokenization_spaces: false })
}
