/**
 * Writes a prompt the way a model was trained to read it: by its chat template, or as plain text.
 * Text from outside cannot forge the template's control tokens.
 */
import type { Prompt, PromptStyle, Turn } from '../engine.ts'

/** What is used of a tokenizer; transformers.js's is one. */
export type PromptTokenizer = {
  readonly chat_template: unknown
  readonly all_special_tokens: readonly string[]
  readonly encode: (text: string, options?: { readonly add_special_tokens?: boolean }) => number[]
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

/** Returns the token ids of a prompt. */
export type EncodePrompt = (prompt: Prompt) => readonly number[]

/**
 * Returns the encoder of prompts for a tokenizer.
 * @param style `chat` falls back to `plain` where the tokenizer has no chat template
 */
export function createPromptEncoder(tokenizer: PromptTokenizer, style: PromptStyle): EncodePrompt {
  const controls = controlTokens(tokenizer)
  const chat = style === 'chat' && Boolean(tokenizer.chat_template)
  return (prompt) => {
    const safe = neutralisePrompt(prompt, controls)
    if (!chat) return tokenizer.encode(plainPrompt(safe))
    return tokenizer.encode(renderChat(tokenizer, safe), { add_special_tokens: false })
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
  for (const token of controls) safe = safe.replaceAll(token, `${token.slice(0, 1)} ${token.slice(1)}`)
  return safe
}

function neutralisePrompt({ system, turns }: Prompt, controls: readonly string[]): Prompt {
  return {
    ...(system ? { system: neutralise(system, controls) } : {}),
    turns: turns.map((turn) => ({ role: turn.role, text: neutralise(turn.text, controls) })),
  }
}

/** A last turn of the assistant is continued rather than answered. */
function renderChat(tokenizer: PromptTokenizer, { system, turns }: Prompt): string {
  const last = turns.at(-1)
  const prefill = last?.role === 'assistant' ? last.text : ''
  const asked = last?.role === 'assistant' ? turns.slice(0, -1) : turns
  const messages = asked.map(({ role, text }) => ({ role: role as string, content: text }))
  const render = (chat: { role: string; content: string }[]) => {
    const text = tokenizer.apply_chat_template(chat, TEMPLATE_OPTIONS)
    if (typeof text !== 'string') throw new TypeError('The chat template gave no text.')
    return text
  }
  if (!system) return render(messages) + prefill
  try {
    return render([{ role: 'system', content: system }, ...messages]) + prefill
  } catch {
    // Some templates (Gemma's) know no system role and throw: the instruction then opens the first question.
    const [first, ...rest] = messages
    return render([{ role: 'user', content: `${system}\n\n${first?.content ?? ''}` }, ...rest]) + prefill
  }
}

function line({ role, text }: Turn): string {
  return `${role === 'user' ? 'User' : 'Assistant'}: ${text}`
}

function opening(turns: readonly Turn[]): string {
  return turns.at(-1)?.role === 'user' ? '\nAssistant:' : ''
}

function controlTokens(tokenizer: PromptTokenizer): string[] {
  return tokenizer.all_special_tokens.filter((token) => token.length > 1)
}
