/**
 * Finds stop sequences in text that arrives in pieces, and holds back what may be the beginning of one.
 * Nothing of a stop sequence is ever let through.
 */

export type StopMatch = {
  /** Text that is certainly not part of a stop sequence. */
  readonly text: string
  /** The sequence that ended the text, or null. */
  readonly stopped: string | null
}

export type StopMatcher = {
  readonly push: (piece: string) => StopMatch
  /** Returns what was held back; call it when no more text comes. */
  readonly flush: () => string
}

/**
 * Returns a matcher; the sequence that is complete first wins, the longest of those that end together.
 * @param sequences strings of at least one character
 */
export function createStopMatcher(sequences: readonly string[]): StopMatcher {
  let held = ''
  return {
    push(piece) {
      held += piece
      const match = firstComplete(held, sequences)
      if (match) {
        const text = held.slice(0, match.start)
        held = ''
        return { text, stopped: match.sequence }
      }
      const safe = safeLength(held, sequences)
      const text = held.slice(0, safe)
      held = held.slice(safe)
      return { text, stopped: null }
    },
    flush() {
      const text = held
      held = ''
      return text
    },
  }
}

function firstComplete(text: string, sequences: readonly string[]) {
  let best: { readonly start: number; readonly end: number; readonly sequence: string } | undefined
  for (const sequence of sequences) {
    const start = text.indexOf(sequence)
    if (start === -1) continue
    const end = start + sequence.length
    if (!best || end < best.end || (end === best.end && start < best.start)) best = { start, end, sequence }
  }
  return best
}

/** Returns how much of `text` cannot be the beginning of a sequence, never ending within a surrogate pair. */
function safeLength(text: string, sequences: readonly string[]): number {
  let longest = 0
  for (const sequence of sequences)
    for (let length = Math.min(sequence.length - 1, text.length); length > longest; length--)
      if (text.endsWith(sequence.slice(0, length))) {
        longest = length
        break
      }
  const safe = text.length - longest
  const last = text.charCodeAt(safe - 1)
  return longest > 0 && last >= 0xd800 && last <= 0xdbff ? safe - 1 : safe
}
