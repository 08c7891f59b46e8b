/**
 * Prompts and answers as `LOG_CONTENT` and `TRAINING_LOG` let them be kept: not at all, redacted, or as they are; never more
 * than a bounded length. What is redacted is known by `redact.ts`.
 */
import type { Message, MessagesRequest } from '../../shared/messages.ts'
import type { Receipt } from './receipt.ts'
import type { ReceiptRecord } from './receipt-record.ts'
import { redact } from './redact.ts'

export const CONTENT_MODES = ['off', 'redacted', 'full'] as const
export type ContentMode = (typeof CONTENT_MODES)[number]

export type ContentSettings = {
  /** Of every request, with its answer. */
  readonly log: ContentMode
  /** Of those that the local model was asked, for rows that it can be tuned on. */
  readonly training: ContentMode
}

/** Characters of one text. Images and documents, which are text in base64, are cut as well. */
const LONGEST_TEXT = 16_000
/** Characters of the request and of the answer, each. A row of a Durable Object holds 2 MB. */
const LONGEST_CONTENT = 100_000
const DEEPEST = 64

/**
 * Returns what is kept of a request. For training no answer of Claude's is: by its terms it is no training data.
 */
export function contentToKeep(
  { log, training }: ContentSettings,
  { route, failedAttempts }: Pick<Receipt, 'route' | 'failedAttempts'>,
  request: MessagesRequest,
  answer: Message | undefined,
): ReceiptRecord['content'] {
  if (log !== 'off') return keptContent(log, request, answer)
  const askedLocal = route === 'local' || failedAttempts.some(({ provider }) => provider === 'local')
  return askedLocal ? keptContent(training, request, route === 'local' ? answer : undefined) : undefined
}

/** Returns request and answer as JSON, or undefined where they are not to be kept. A text that was cut ends in "…". */
export function keptContent(
  mode: ContentMode,
  request: MessagesRequest,
  answer: Message | undefined,
): ReceiptRecord['content'] {
  if (mode === 'off') return undefined
  const clean = mode === 'full' ? (text: string) => text : redact
  const write = (value: unknown) => cut(JSON.stringify(cleaned(value, clean, 0)), LONGEST_CONTENT)
  const { metadata: _metadata, ...said } = request
  return { request: write(said), answer: write(answer?.content ?? null) }
}

function cleaned(value: unknown, clean: (text: string) => string, depth: number): unknown {
  if (typeof value === 'string') return clean(cut(value, LONGEST_TEXT))
  if (typeof value === 'number') {
    const text = String(value)
    const kept = clean(text)
    return kept === text ? value : kept
  }
  if (typeof value !== 'object' || value === null) return value
  if (depth >= DEEPEST) return '…'
  if (Array.isArray(value)) return value.map((item) => cleaned(item, clean, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [clean(name), cleaned(item, clean, depth + 1)]),
  )
}

function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`
}
