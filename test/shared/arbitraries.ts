/**
 * Random inputs that several tests of shared/ draw from: messages as Claude sends them, and bytes cut anywhere.
 * Holds no expectations.
 */
import fc from 'fast-check'
import type { ContentBlock, Message } from '../../shared/messages.ts'

const jsonUnit = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter(isParsedRightAsKey)

/** Any JSON object as it looks after a trip over the wire; `__proto__`, which parsing drops, has tests of its own. */
export const jsonObject: fc.Arbitrary<Record<string, unknown>> = fc
  .dictionary(
    fc.string({ unit: jsonUnit }).filter((name) => name !== '__proto__'),
    fc.jsonValue({ maxDepth: 3, stringUnit: jsonUnit }),
    { maxKeys: 5 },
  )
  .map((value) => JSON.parse(JSON.stringify(value)))

const anyText = fc.string({ unit: 'grapheme', maxLength: 40 })

const contentBlock: fc.Arbitrary<ContentBlock> = fc.oneof(
  fc.record({ type: fc.constant('text'), text: anyText }),
  fc.record({ type: fc.constant('text'), text: anyText, citations: fc.array(jsonObject, { maxLength: 2 }) }),
  fc.record({
    type: fc.constant('tool_use'),
    id: fc.string(),
    name: fc.string(),
    input: jsonObject,
  }),
  fc.record({ type: fc.constant('thinking'), thinking: anyText, signature: fc.base64String() }),
  fc.record({ type: fc.constant('redacted_thinking'), data: fc.base64String() }),
  fc.record({ type: fc.constant('web_search_tool_result'), content: fc.array(jsonObject, { maxLength: 2 }) }),
  fc.record({ type: fc.constant('of_a_later_year'), payload: jsonObject }),
)

const count = fc.nat({ max: 1_000_000 })

/** Any whole answer, with blocks of types that this version knows and of others. */
export const message: fc.Arbitrary<Message> = fc.record({
  id: fc.string(),
  type: fc.constant('message' as const),
  role: fc.constant('assistant' as const),
  model: fc.string(),
  content: fc.array(contentBlock, { maxLength: 5 }),
  stop_reason: fc.option(
    fc.constantFrom('end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'of_a_later_year'),
  ),
  stop_sequence: fc.option(anyText),
  usage: fc.record({
    input_tokens: count,
    output_tokens: count,
    cache_creation_input_tokens: fc.option(count),
    cache_read_input_tokens: fc.option(count),
    service_tier: fc.constantFrom('standard', 'batch'),
  }),
})

/** Sizes of the pieces that `cut` makes; zero stands for an empty chunk. */
export const pieceSizes: fc.Arbitrary<number[]> = fc.array(fc.nat({ max: 12 }), { maxLength: 60 })

/** Returns `bytes` in pieces of the given sizes, the rest as one last piece. */
export function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let from = 0
  for (const size of sizes) {
    pieces.push(bytes.subarray(from, from + size))
    from = Math.min(bytes.length, from + size)
  }
  return [...pieces, bytes.subarray(from)]
}

/** Returns an async sequence of the given items. */
export async function* sequence<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items
}

/** Returns all items of an async sequence. */
export async function gather<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Returns `text` in UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/**
 * Says whether `JSON.parse` can be the reference for this key. Once V8 13.6 has read an object with a key of one
 * backslash, it reads escaped keys (a line break, say) in the same place as that key, so those stay out of our inputs.
 */
export function isParsedRightAsKey(name: string): boolean {
  return !name.startsWith('\\')
}
