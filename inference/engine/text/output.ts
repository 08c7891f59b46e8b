/**
 * Assembles tokens into text events, holds back what may become a stop sequence, and remembers why the text ended.
 * Knows no model.
 */
import { createStopMatcher } from '../../../shared/stop-sequences.ts'
import type { EngineEvent } from '../engine.ts'
import { createTokenText } from './token-text.ts'

export type GenerationOutput = {
  /** Takes a token and its log-probability; returns false once a stop sequence is complete. */
  readonly token: (token: number, logprob: number) => boolean
  /** The model has ended its turn; returns false, as nothing follows. */
  readonly endOfTurn: () => false
  /** Tells what was held back, and the end. */
  readonly finish: () => void
}

/**
 * Returns an output that tells its events to `push`.
 * @param decode the tokenizer's own, special tokens left out
 */
export function createGenerationOutput(
  decode: (tokens: number[]) => string,
  stopSequences: readonly string[],
  push: (event: EngineEvent) => void,
): GenerationOutput {
  const text = createTokenText(decode)
  const stops = createStopMatcher(stopSequences)
  let outputTokens = 0
  let stopSequence: string | null = null
  let ended = false
  let pending = 0
  let pendingLogprob = 0

  const emit = (piece: string) => {
    if (piece === '') return
    push({
      type: 'text',
      text: piece,
      tokens: pending,
      logprob: pending ? pendingLogprob / pending : 0,
    })
    pending = 0
    pendingLogprob = 0
  }
  const pass = (piece: string) => {
    const match = stops.push(piece)
    stopSequence = match.stopped
    emit(match.text)
  }

  return {
    token(token, logprob) {
      outputTokens++
      pending++
      pendingLogprob += logprob
      pass(text.push(token))
      return stopSequence === null
    },
    endOfTurn() {
      ended = true
      return false
    },
    finish() {
      if (stopSequence === null) pass(text.flush())
      if (stopSequence === null) emit(stops.flush())
      const stopReason = stopSequence === null ? (ended ? 'end_turn' : 'max_tokens') : 'stop_sequence'
      push({ type: 'end', stopReason, stopSequence, outputTokens })
    },
  }
}
