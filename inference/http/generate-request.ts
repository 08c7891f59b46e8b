/**
 * From a Messages request to what an engine is asked: checks what this model can serve, folds the roles.
 * Unknown fields are ignored, as is `thinking`: a small model has no such mode. `min_p`, `repetition_penalty` and `seed`, which
 * servers of open models take, are none of Anthropic's API.
 */
import { readAnswerFormat } from '../../shared/answer-format.ts'
import { RouterError } from '../../shared/errors.ts'
import { isTextOnly, type MessagesRequest, textOf } from '../../shared/messages.ts'
import type { GenerateRequest, Prompt, Turn } from '../engine/engine.ts'
import type { Limits } from '../serving/limits.ts'

/** Anthropic's API takes thousands; each is compared at each token here. */
const MAX_STOP_SEQUENCES = 16
const MAX_STOP_SEQUENCE_LENGTH = 200

/** Beyond it nothing is ever said twice, no "the" and no comma. */
const MAX_REPETITION_PENALTY = 10

/** Text averages 3 to 5; only runs of one character come near. Some tokenizers have a token for 64 spaces. */
const MAX_CHARACTERS_PER_TOKEN = 64

/**
 * Returns the request for the engine; `max_tokens` is cut to the limit.
 * @throws {RouterError} `unsupported` for what the model cannot read, `invalid_request` for values out of range
 */
export function toGenerateRequest(
  request: MessagesRequest,
  { maxInputTokens, maxOutputTokens }: Limits,
): GenerateRequest {
  if (request.max_tokens === 0)
    throw new RouterError(
      'invalid_request',
      'max_tokens: must be at least 1; there is no prompt cache to fill',
    )
  const demanded = readAnswerFormat(request.output_config)
  const prompt = toPrompt(request, maxInputTokens)
  return {
    ...(demanded ? withNotes(prompt, demanded.notes) : prompt),
    format: demanded?.format,
    maxTokens: Math.min(request.max_tokens, maxOutputTokens),
    stopSequences: checkStopSequences(request.stop_sequences ?? []),
    temperature: inRange(
      'temperature',
      request.temperature,
      (value) => value >= 0 && value <= 2,
      'from 0 to 2',
    ),
    topP: inRange('top_p', request.top_p, (value) => value >= 0 && value <= 1, 'from 0 to 1'),
    topK: inRange(
      'top_k',
      request.top_k,
      (value) => Number.isInteger(value) && value >= 0,
      'a whole number, 0 or more',
    ),
    minP: inRange('min_p', request.min_p, (value) => value >= 0 && value <= 1, 'from 0 to 1'),
    repetitionPenalty: inRange(
      'repetition_penalty',
      request.repetition_penalty,
      (value) => value > 0 && value <= MAX_REPETITION_PENALTY,
      `above 0, at most ${MAX_REPETITION_PENALTY}`,
    ),
    seed: inRange('seed', request.seed, Number.isSafeInteger, 'a whole number'),
  }
}

/** Tells the model what the schema's descriptions say, after the question that they explain. */
function withNotes(prompt: Prompt, notes: readonly string[]): Prompt {
  const last = prompt.turns.at(-1)
  if (last?.role !== 'user')
    throw new RouterError(
      'invalid_request',
      'messages: must end with a user message where output_config.format says what the answer is',
    )
  if (notes.length === 0) return prompt
  const told = { ...last, text: [last.text, '', ...notes].join('\n') }
  return { ...prompt, turns: [...prompt.turns.slice(0, -1), told] }
}

/**
 * Returns system text and turns: system messages join the system text, neighbours of one role become one turn.
 * @param maxInputTokens a text that must have more is refused before its tokens are counted
 * @throws {RouterError} `unsupported` for tools, blocks that are not text and texts that are too long, `invalid_request` without a question
 */
export function toPrompt(
  request: Pick<MessagesRequest, 'system' | 'messages' | 'tools'>,
  maxInputTokens: number,
): Prompt {
  if (request.tools?.length)
    throw new RouterError(
      'unsupported',
      'The local model cannot use tools. Leave "tools" out, or ask Claude.',
    )
  if (!isTextOnly(request.system)) throw notText('system')
  const system = [textOf(request.system)]
  const turns: Turn[] = []
  for (const [index, { role, content }] of request.messages.entries()) {
    if (!isTextOnly(content)) throw notText(`messages.${index}`, content)
    const text = textOf(content)
    const last = turns.at(-1)
    if (role === 'system') system.push(text)
    else if (last?.role === role) turns[turns.length - 1] = { role, text: `${last.text}\n\n${text}` }
    else turns.push({ role, text })
  }
  if (turns[0]?.role !== 'user' || turns[0].text.trim() === '')
    throw new RouterError('invalid_request', 'messages: must begin with a user message that holds text')
  const joined = system.filter((text) => text.trim() !== '').join('\n\n')
  const prompt = { ...(joined === '' ? {} : { system: joined }), turns }
  checkCharacters(prompt, maxInputTokens)
  return prompt
}

/** The exact check counts tokens; a body at its limit takes seconds to count, in which nobody else is answered. */
function checkCharacters({ system = '', turns }: Prompt, maxInputTokens: number): void {
  const characters = turns.reduce((sum, { text }) => sum + text.length, system.length)
  if (characters <= maxInputTokens * MAX_CHARACTERS_PER_TOKEN) return
  throw new RouterError(
    'unsupported',
    `The prompt has ${characters} characters; the local model takes at most ${maxInputTokens} tokens. Shorten it, or ask Claude.`,
  )
}

function checkStopSequences(sequences: readonly string[]): readonly string[] {
  if (sequences.length > MAX_STOP_SEQUENCES)
    throw new RouterError('invalid_request', `stop_sequences: must be at most ${MAX_STOP_SEQUENCES}`)
  for (const [index, sequence] of sequences.entries()) {
    if (sequence.trim() === '')
      throw new RouterError('invalid_request', `stop_sequences.${index}: must hold more than white space`)
    if (sequence.length > MAX_STOP_SEQUENCE_LENGTH)
      throw new RouterError(
        'invalid_request',
        `stop_sequences.${index}: must be at most ${MAX_STOP_SEQUENCE_LENGTH} characters`,
      )
  }
  return [...new Set(sequences)]
}

function inRange(
  name: string,
  value: unknown,
  accepts: (value: number) => boolean,
  range: string,
): number | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'number' && accepts(value)) return value
  throw new RouterError('invalid_request', `${name}: must be ${range}`)
}

function notText(where: string, content: MessagesRequest['messages'][number]['content'] = ''): RouterError {
  const other = typeof content === 'string' ? undefined : content.find(({ type }) => type !== 'text')?.type
  const kind = other && /^[a-z_]{1,40}$/.test(other) ? ` of type "${other}"` : ''
  return new RouterError(
    'unsupported',
    `${where}: the local model reads text only, not blocks${kind}. Ask Claude.`,
  )
}
