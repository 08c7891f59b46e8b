/**
 * Writes a prompt the way a model was trained to read it: by its chat template, or as plain text.
 * Text from outside cannot forge the template's control tokens.
 */
import { RouterError } from '../../../shared/errors.ts'
import type { Prompt, PromptStyle, Turn } from '../engine.ts'

/** What is used of a tokenizer; transformers.js's is one. */
export type PromptTokenizer = {
  readonly chat_template: unknown
  readonly all_special_tokens: readonly string[]
  readonly all_special_ids: readonly number[]
  readonly encode: (text: string, options?: { readonly add_special_tokens?: boolean }) => number[]
  readonly decode: (ids: number[], options: { readonly skip_special_tokens: boolean }) => string
  readonly apply_chat_template: (
    conversation: { role: string; content: string }[],
    options: typeof TEMPLATE_OPTIONS,
  ) => unknown
}

const TEMPLATE_OPTIONS = {
  tokenize: false,
  add_generation_prompt: true,
  // Models that can think first (Qwen3) would spend a small answer's tokens on it; other templates ignore this.
  enable_thinking: false,
} as const

/**
 * Returns the token ids of a prompt; none where it holds nothing that the model could read.
 * @throws {RouterError} `unsupported` for a conversation that the model's chat template does not take, or a text that the
 * tokenizer takes for control tokens whatever is done
 */
export type EncodePrompt = (prompt: Prompt) => readonly number[]

/**
 * Returns the encoder of prompts for a tokenizer.
 * @param style `chat` falls back to `plain` where the tokenizer has no chat template
 * @throws {RouterError} `configuration` for a chat template that cannot even write one question
 */
export function createPromptEncoder(tokenizer: PromptTokenizer, style: PromptStyle): EncodePrompt {
  const chat = style === 'chat' && Boolean(tokenizer.chat_template)
  if (chat) checkTemplate(tokenizer)
  const controls = controlTokens(tokenizer)
  const tokensOf = (text: string) => tokenizer.encode(text, { add_special_tokens: !chat })
  const added = controls.count(tokensOf(''))
  /** Undefined where the tokenizer sees control tokens that neither the template nor the tokenizer itself has put there. */
  const encode = (prompt: Prompt): number[] | undefined => {
    const text = chat ? renderChat(tokenizer, prompt) : plainPrompt(prompt)
    const ids = tokensOf(text)
    return controls.count(ids) <= controls.countIn(text) + added ? ids : undefined
  }
  return (prompt) => {
    const safe = mapTexts(prompt, (text) => neutralise(text, tokenizer.all_special_tokens))
    const ids = encode(safe) ?? encode(mapTexts(safe, (text) => asRead(tokenizer, text)))
    if (!ids)
      throw new RouterError(
        'unsupported',
        'The request holds text that the local model cannot tell from its own control tokens. Rephrase it, or ask Claude.',
      )
    return chat || plainText(tokenizer, ids).trim() !== '' ? ids : []
  }
}

/**
 * Returns the turns as text: a single question as it is, a conversation with names and an open last line.
 * Models without roles (T5) were trained on bare instructions, so nothing is added where nothing is needed.
 */
export function plainPrompt({ system, turns }: Prompt): string {
  const [only] = turns
  const body =
    turns.length === 1 && only?.role === 'user' ? only.text : `${turns.map(line).join('\n')}${opening(turns)}`
  return system ? `${system}\n\n${body}` : body
}

/** Breaks control tokens that stand in text from outside, by a space after their first character. */
export function neutralise(text: string, controls: readonly string[]): string {
  let safe = text
  for (const token of controls)
    if (token.length > 1) safe = safe.replaceAll(token, `${token.slice(0, 1)} ${token.slice(1)}`)
  return safe
}

/**
 * Returns a text as the tokenizer reads it, without control tokens: what its normaliser makes of other characters (T5's
 * makes `</s>` of `＜/s＞`) can then be seen, and be neutralised.
 */
function asRead(tokenizer: PromptTokenizer, text: string): string {
  const ids = tokenizer.encode(text, { add_special_tokens: false })
  return neutralise(plainText(tokenizer, ids), tokenizer.all_special_tokens)
}

/** Returns the text of tokens without control tokens; transformers.js refuses to decode none. */
function plainText(tokenizer: PromptTokenizer, ids: number[]): string {
  return ids.length === 0 ? '' : tokenizer.decode(ids, { skip_special_tokens: true })
}

function mapTexts({ system, turns }: Prompt, change: (text: string) => string): Prompt {
  return {
    ...(system ? { system: change(system) } : {}),
    turns: turns.map(({ role, text }) => ({ role, text: change(text) })),
  }
}

/** A template that fails with the simplest of questions fails with all. */
function checkTemplate(tokenizer: PromptTokenizer): void {
  try {
    render(tokenizer, [{ role: 'user', content: 'Hello!' }])
  } catch (cause) {
    throw new RouterError(
      'configuration',
      'The model’s chat template cannot be used: it fails with a single question. Repair chat_template.jinja, or chat_template in tokenizer_config.json, or choose another LOCAL_MODEL_NAME.',
      { cause },
    )
  }
}

type ChatMessage = { role: string; content: string }

/** A last turn of the assistant is continued rather than answered. */
function renderChat(tokenizer: PromptTokenizer, { system, turns }: Prompt): string {
  const last = turns.at(-1)
  const prefill = last?.role === 'assistant' ? last.text : ''
  const asked = last?.role === 'assistant' ? turns.slice(0, -1) : turns
  const messages = asked.map(({ role, text }): ChatMessage => ({ role, content: text }))
  const [first, ...rest] = messages
  // Some templates (Gemma's) know no system role and throw: the instruction then opens the first question.
  const attempts = system
    ? [
        [{ role: 'system', content: system }, ...messages],
        [{ role: 'user', content: `${system}\n\n${first?.content ?? ''}` }, ...rest],
      ]
    : [messages]
  let cause: unknown
  for (const attempt of attempts)
    try {
      return render(tokenizer, attempt) + prefill
    } catch (error) {
      cause = error
    }
  throw new RouterError(
    'unsupported',
    'The local model’s chat template takes no conversation of this kind. Ask one question at a time, or ask Claude.',
    { cause },
  )
}

function render(tokenizer: PromptTokenizer, messages: ChatMessage[]): string {
  const text = tokenizer.apply_chat_template(messages, TEMPLATE_OPTIONS)
  if (typeof text !== 'string') throw new TypeError('The chat template gave no text.')
  return text
}

function line({ role, text }: Turn): string {
  return `${role === 'user' ? 'User' : 'Assistant'}: ${text}`
}

function opening(turns: readonly Turn[]): string {
  return turns.at(-1)?.role === 'user' ? '\nAssistant:' : ''
}

type ControlTokens = {
  /** Returns how many of the tokens are control tokens. */
  readonly count: (ids: readonly number[]) => number
  /** Returns how many control tokens stand in a text, as they are written. */
  readonly countIn: (text: string) => number
}

function controlTokens(tokenizer: PromptTokenizer): ControlTokens {
  // What a tokenizer writes for characters that it does not know steers nothing. No vocabulary has this one.
  const unknown = new Set(tokenizer.encode('\u{10FFFF}', { add_special_tokens: false }))
  const ids = new Set(tokenizer.all_special_ids.filter((id) => !unknown.has(id)))
  const texts = tokenizer.all_special_tokens.filter((_, at) => ids.has(tokenizer.all_special_ids[at] ?? -1))
  // Longest first: one may begin with another.
  const written = texts.toSorted((a, b) => b.length - a.length).map((text) => text.replace(/\W/g, '\\$&'))
  const pattern = new RegExp(written.join('|') || '(?!)', 'g')
  return {
    count: (tokens) => tokens.reduce((sum, token) => sum + (ids.has(token) ? 1 : 0), 0),
    countIn: (text) => text.match(pattern)?.length ?? 0,
  }
}
