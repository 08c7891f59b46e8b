/**
 * The most that a request can take, before anybody is asked: tokens by an estimate that is rather too high, money by the
 * dearest model that may answer. What it did take is `settlement.ts`.
 */
import type { ContentBlock } from '../../shared/messages.ts'
import { estimateTokens, likelyTokens } from '../../shared/tokens.ts'
import type { PriceList } from '../ledger/prices.ts'
import { setsCacheControl } from '../prompt-cache/own-marks.ts'
import { maxOutputTokens } from '../providers/claude/model-capabilities.ts'
import type { RouterRequest } from '../request.ts'
import type { Target } from '../target.ts'
import type { Amount } from './accounts.ts'

export type BoundedRequest = Pick<RouterRequest, 'view' | 'text' | 'unlimited'>

/** An image is scaled down to at most so many; of a document that is only named nobody knows the length. */
const IMAGE_TOKENS = 5_000
const NAMED_DOCUMENT_TOKENS = 100_000
/** What Anthropic adds to a prompt with tools. */
const TOOL_TOKENS = 1_000
const BASE64_CHARACTERS_PER_TOKEN = 4
/** `1h`, in any way in which JSON writes it. */
const AN_HOUR = /"(?:1|\\u0031)(?:h|\\u0068)"/

/** `unpriced`: models without a known price; their cost is not in the amount. */
export type UpperBound = Amount & { readonly unpriced: readonly string[] }

/**
 * Returns the most that a request can take whichever of these targets answers it. What the local model wrote before another
 * took over counts beside the answer; of Claude's models one is asked.
 * @param mayBeMarked the router may have Claude write the prompt to its cache
 */
export function upperBound(
  request: BoundedRequest,
  targets: readonly Target[],
  prices: PriceList,
  mayBeMarked = false,
): UpperBound {
  const input = inputTokens(request)
  const tokens = { local: 0, claude: 0 }
  let nanoUsd = 0
  const unpriced: string[] = []
  for (const { provider, model } of targets) {
    const output = outputTokens(request, provider === 'claude' ? maxOutputTokens(model) : undefined)
    tokens[provider] = Math.max(tokens[provider], input + output)
    if (provider === 'local') continue
    const price = prices(model, { ...dearestInput(request, input, mayBeMarked), output_tokens: output })
    if (price === undefined) unpriced.push(model)
    else nanoUsd = Math.max(nanoUsd, price)
  }
  return { tokens: tokens.local + tokens.claude, nanoUsd, unpriced }
}

function outputTokens({ view, unlimited }: BoundedRequest, most: number | undefined): number {
  return unlimited && most !== undefined ? most : Math.min(view.max_tokens, most ?? view.max_tokens)
}

/** Input that is written to Claude's prompt cache costs more than input. */
function dearestInput({ view, text }: BoundedRequest, input: number, mayBeMarked: boolean) {
  const speed = view.speed === undefined ? {} : { speed: view.speed }
  const isMarked = setsCacheControl(view)
  if (!isMarked && !mayBeMarked) return { ...speed, input_tokens: input }
  const forAnHour = isMarked && AN_HOUR.test(text) ? { ephemeral_1h_input_tokens: input } : {}
  return { ...speed, cache_creation_input_tokens: input, cache_creation: forAnHour }
}

/** The body is counted as text, braces and names of members included; what is encoded in it is not text. */
function inputTokens({ view, text }: BoundedRequest): number {
  let encoded = 0
  let tokens = estimateTokens(text)
  for (const { content } of view.messages)
    for (const block of typeof content === 'string' ? [] : content)
      for (const media of mediaIn(block)) {
        encoded += media.characters
        tokens += media.tokens
      }
  if (Array.isArray(view.tools) && view.tools.length > 0) tokens += TOOL_TOKENS
  return Math.max(0, tokens - Math.floor(likelyTokens(encoded)))
}

function* mediaIn(block: ContentBlock): Generator<{ readonly characters: number; readonly tokens: number }> {
  const { type, source, content } = block
  if (Array.isArray(content)) for (const inner of content) if (isBlock(inner)) yield* mediaIn(inner)
  if (type !== 'image' && type !== 'document') return
  const { kind, characters } = readSource(source)
  if (type === 'image') yield { characters, tokens: IMAGE_TOKENS }
  else if (kind === 'base64')
    yield { characters, tokens: Math.ceil(characters / BASE64_CHARACTERS_PER_TOKEN) }
  else if (kind !== 'text' && kind !== 'content') yield { characters: 0, tokens: NAMED_DOCUMENT_TOKENS }
}

function readSource(source: unknown): { readonly kind: unknown; readonly characters: number } {
  if (typeof source !== 'object' || source === null) return { kind: undefined, characters: 0 }
  const kind = 'type' in source ? source.type : undefined
  const data = 'data' in source && kind === 'base64' ? source.data : undefined
  return { kind, characters: typeof data === 'string' ? data.length : 0 }
}

function isBlock(value: unknown): value is ContentBlock {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
