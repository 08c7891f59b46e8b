/**
 * Why some regular expressions may take longer than their text is long: the text is short. And where expressions are built that
 * no check sees. Whoever adds a line here says what bounds it.
 */

export type KnownBound = {
  /** A file, or a folder with "/" at its end. */
  readonly where: string
  /** The one expression; absent: all of them. */
  readonly pattern?: string
  readonly bound: string
}

export const KNOWN_BOUNDS: readonly KnownBound[] = [
  {
    where: 'edge/routing/',
    bound:
      'features.ts cuts every text before it is looked at: 1,500 characters of the last turn (decision 33)',
  },
  {
    where: 'edge/openai/model-name.ts',
    bound: 'the schema takes names of models of up to 256 characters',
  },
  { where: 'edge/http/usage-wire.ts', pattern: '\\.?0+$', bound: 'nine decimals of a number' },
  {
    where: 'edge/pages/playground/format-estimate.ts',
    pattern: '(\\.\\d\\d\\d*?)0+$',
    bound: 'twelve decimals of a number',
  },
  { where: 'edge/ledger/headers.ts', pattern: '\\.?0+$', bound: 'the decimals of a price' },
  { where: 'edge/settings/', pattern: '\\/+$', bound: "an address among the operator's settings" },
  { where: 'inference/models/hub.ts', pattern: '\\/+$', bound: "an address among the operator's settings" },
  { where: 'inference/models/files.ts', pattern: '\\.onnx(_data.*)?$', bound: "names of a model's files" },
]

/** Files that build expressions when they are loaded, and do nothing else then. */
export const BUILT_WHEN_LOADED: readonly string[] = [
  'edge/routing/features.ts',
  'edge/routing/guards/set-phrases.ts',
  'shared/log.ts',
]

/** Files that build expressions later, and why none of them is slow. */
export const BUILT_LATER: Readonly<Record<string, string>> = {
  'edge/routing/operator-rules/pattern-syntax.ts':
    "an operator's pattern is only compiled to see whether it is one; linear-pattern.ts matches it, by single characters",
  'inference/engine/text/prompt.ts': "the names of a tokenizer's control tokens, none of them repeated",
}
