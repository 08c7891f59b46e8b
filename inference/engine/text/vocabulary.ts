/**
 * What each token of a tokenizer writes, to the byte: half characters and leading spaces too, which the tokenizer's own
 * `decode` does not tell. Reads transformers.js's tokenizers that are byte-level or SentencePiece's; knows no model.
 */
import * as z from 'zod'

/** What is used of a tokenizer; transformers.js's is one. */
export type VocabularyTokenizer = {
  readonly _tokenizer: {
    readonly decoder: { readonly config: unknown; readonly end_of_word_suffix: string | null } | null
    readonly get_vocab: (withAddedTokens: boolean) => ReadonlyMap<string, number>
  }
}

export type Vocabulary = {
  /** Token ids and what they write, a character for each byte of UTF-8. Added tokens, which are control, are left out. */
  readonly tokens: readonly { readonly id: number; readonly bytes: string }[]
  /** Whether a space with which an answer's first token begins is not written. */
  readonly dropsFirstSpace: boolean
}

const patternSchema = z.union([
  z.object({ String: z.string() }).transform(({ String: text }) => text),
  z.object({ Regex: z.string() }).transform(() => undefined),
])
const decoderSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('ByteLevel') }),
  z.looseObject({ type: z.literal('Metaspace'), replacement: z.string().optional() }),
  z.looseObject({ type: z.literal('Replace'), pattern: patternSchema, content: z.string() }),
  z.looseObject({ type: z.literal('ByteFallback') }),
  z.looseObject({ type: z.literal('Fuse') }),
  z.looseObject({ type: z.literal('Strip'), content: z.string(), start: z.number(), stop: z.number() }),
])
const sequenceSchema = z.looseObject({ type: z.literal('Sequence'), decoders: z.array(decoderSchema) })
type Decoder = z.infer<typeof decoderSchema>

/** Returns the vocabulary, or undefined where the tokenizer turns tokens into text in a way that is not known here. */
export function readVocabulary({ _tokenizer: tokenizer }: VocabularyTokenizer): Vocabulary | undefined {
  const { decoder } = tokenizer
  if (decoder === null || decoder.end_of_word_suffix) return undefined
  const parsed = z.union([sequenceSchema, decoderSchema]).safeParse(decoder.config)
  if (!parsed.success) return undefined
  const chain = parsed.data.type === 'Sequence' ? parsed.data.decoders : [parsed.data]
  const writes = createWriter(chain)
  if (writes === undefined) return undefined
  const tokens: { id: number; bytes: string }[] = []
  for (const [text, id] of tokenizer.get_vocab(false)) {
    const bytes = writes(text)
    if (bytes) tokens.push({ id, bytes })
  }
  return { tokens, dropsFirstSpace: chain.some(dropsFirstSpace) }
}

function dropsFirstSpace(decoder: Decoder): boolean {
  return decoder.type === 'Metaspace' || (decoder.type === 'Strip' && decoder.start > 0)
}

/** Returns what gives a token's bytes, undefined for what is no text; or undefined for a chain that is not known. */
function createWriter(chain: readonly Decoder[]): ((text: string) => string | undefined) | undefined {
  const [only] = chain
  if (chain.length === 1 && only?.type === 'ByteLevel') return writeByteLevel
  if (chain.some((step) => step.type === 'ByteLevel' || !isPlain(step))) return undefined
  const withBytes = chain.some(({ type }) => type === 'ByteFallback')
  return (text) => {
    const [, byte] = (withBytes && /^<0x([0-9A-F]{2})>$/.exec(text)) || []
    if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16))
    return utf8Bytes(chain.reduce(replaced, text))
  }
}

/** One space at the beginning is all that may be stripped: what is left of a token then depends on its place only once. */
function isPlain(step: Decoder): boolean {
  if (step.type === 'Replace') return step.pattern !== undefined
  return step.type !== 'Strip' || (step.content === ' ' && step.start <= 1 && step.stop === 0)
}

function replaced(text: string, step: Decoder): string {
  if (step.type === 'Metaspace') return text.replaceAll(step.replacement ?? '▁', ' ')
  return step.type === 'Replace' ? text.replaceAll(step.pattern ?? '', step.content) : text
}

/** Returns the text's UTF-8, a character for each byte. */
export function utf8Bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function writeByteLevel(text: string): string | undefined {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at++) {
    const byte = BYTE_LEVEL.get(text.charCodeAt(at))
    if (byte === undefined) return undefined
    bytes.push(byte)
  }
  return String.fromCharCode(...bytes)
}

/**
 * GPT-2's printable stand-ins of the 256 bytes, by code: printable Latin-1 stands for itself, the others follow from
 * U+0100 (`bytes_to_unicode` in openai/gpt-2, src/encoder.py).
 */
const BYTE_LEVEL: ReadonlyMap<number, number> = byteLevelCodes()

function byteLevelCodes(): ReadonlyMap<number, number> {
  const codes = new Map<number, number>()
  let others = 0
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
    codes.set(printable ? byte : 256 + others++, byte)
  }
  return codes
}
