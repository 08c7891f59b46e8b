/**
 * The tokenizer of a model whose files are on disk, by transformers.js. Loads no weights.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AutoTokenizer, env, LogLevel, type PreTrainedTokenizer } from '@xenova/transformers'
import { CHAT_TEMPLATE_FILE } from '../../models/files.ts'

/** Keeps transformers.js to files on disk, and silent: its error log prints token ids of prompts. */
export function confineTransformers(): void {
  env.logLevel = LogLevel.NONE
  env.allowRemoteModels = false
  env.useFSCache = false
  env.useBrowserCache = false
  env.useWasmCache = false
}

/** Returns the tokenizer in a folder; its chat template may stand in a file of its own, which transformers.js leaves out. */
export async function loadTokenizer(folder: string): Promise<PreTrainedTokenizer> {
  confineTransformers()
  const tokenizer = await AutoTokenizer.from_pretrained(folder)
  const template = join(folder, CHAT_TEMPLATE_FILE)
  if (existsSync(template)) tokenizer.chat_template = readFileSync(template, 'utf8')
  return tokenizer
}

/** Returns the text of tokens as it is, special tokens left out. */
export function createDecode(tokenizer: PreTrainedTokenizer): (tokens: number[]) => string {
  return (tokens) =>
    tokenizer.decode(tokens, { skip_special_tokens: true, clean_up_tokenization_spaces: false })
}
