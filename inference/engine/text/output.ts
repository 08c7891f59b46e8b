/**
 * Assembles tokens into text events, holds back what may become a stop sequence, and remembers why the text ended.
 * Knows no model.
 */
import { createStopMatcher } from '../../../shared/stop-sequences.ts'
import type { EngineEvent } from '../engine.ts'
import { createTokenText } from './token-text.ts'

export type GenerationOutput = {
  /**
   * Takes a token and, where it is known, its log-probability; returns false once a stop sequence is complete.
   * @param unwritten characters at the beginning of its text that are left out
   */
  readonly token: (token: number, logprob: number | undefined, unwritten?: number) => boolean
  /** The model has ended its turn, by a token whose log-probability may be known; returns false, as nothing follows. */
  readonly endOfTurn: (logprob?: number) => false
  /** Tells what was held back, and the end. */
  readonly finish: () => void
}

/**
 * Returns an output that tells its events to `push`.
 * @param decode the tokenizer's own, special tokens left out
 * @param quoted whether the text is told as a JSON string
 */
export function createGenerationOutput(
  decode: (tokens: number[]) => string,
  stopSequences: readonly string[],
  push: (event: EngineEvent) => void,
  quoted = false,
): GenerationOutput {
  const text = createTokenText(decode)
  const stops = createStopMatcher(stopSequences)
  let outputTokens = 0
  let stopSequence: string | null = null
  let ended = false
  let skipped = 0
  let pending = 0
  let pendingLogprob: number | undefined
  let logprobs: number[] | undefined

  const know = (logprob: number | undefined) => {
    if (logprob === undefined) return
    logprobs ??= []
    logprobs.push(logprob)
  }
  const emit = (piece: string) => {
    if (piece === '') return
    push({
      type: 'text',
      text: piece,
      tokens: pending,
      logprob: pendingLogprob === undefined ? undefined : pendingLogprob / Math.max(1, pending),
    })
    pending = 0
    if (pendingLogprob !== undefined) pendingLogprob = 0
  }
  const tell = (piece: string) => {
    const match = stops.push(piece)
    stopSequence = match.stopped
    emit(match.text)
  }
  let opening = quoted ? '"' : ''
  const pass = (piece: string) => {
    if (piece === '') return
    tell(opening + (quoted ? JSON.stringify(piece).slice(1, -1) : piece))
    opening = ''
  }

  return {
    token(token, logprob, unwritten = 0) {
      outputTokens++
      pending++
      if (logprob !== undefined) pendingLogprob = (pendingLogprob ?? 0) + logprob
      know(logprob)
      skipped += unwritten
      const piece = text.push(token)
      pass(piece.slice(skipped))
      // Of a text whose first character is unfinished, the spaces before it come with its end.
      if (piece !== '') skipped = 0
      return stopSequence === null
    },
    endOfTurn(logprob) {
      know(logprob)
      ended = true
      return false
    },
    finish() {
      if (stopSequence === null) pass(text.flush())
      if (stopSequence === null && quoted && ended) tell(`${opening}"`)
      if (stopSequence === null) emit(stops.flush())
      const stopReason = stopSequence === null ? (ended ? 'end_turn' : 'max_tokens') : 'stop_sequence'
      push({ type: 'end', stopReason, stopSequence, outputTokens, ...(logprobs ? { logprobs } : {}) })
    },
  }
}
