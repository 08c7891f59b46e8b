/**
 * The hardest part of a request: friendly words, or words to whoever routes, that stand around what it asks make it no easier.
 * Knows neither where they stand (`without-surroundings.ts`) nor how hard anything is.
 */
import type { Features } from '../features.ts'
import { withoutSurroundings } from './without-surroundings.ts'

/**
 * Returns the part of a request that scores highest, and its score: the whole, or what is left of it step by step, as long
 * as that scores higher.
 */
export function hardestPart(
  features: Features,
  score: (part: Features) => number,
): { readonly part: Features; readonly score: number } {
  let hardest = { part: features, score: score(features) }
  // Without the first sentence and then the last one is without the last one and then the first: what was scored once was not higher.
  const scored = new Set<string>()
  for (;;) {
    let found = hardest
    for (const text of withoutSurroundings(hardest.part.lastUserText)) {
      if (scored.has(text)) continue
      scored.add(text)
      const part = withLastMessage(hardest.part, text)
      const candidate = { part, score: score(part) }
      if (candidate.score > found.score) found = candidate
    }
    if (found === hardest) return hardest
    hardest = found
  }
}

function withLastMessage(features: Features, lastUserText: string): Features {
  return { ...features, lastUserText, lastUserCharacters: lastUserText.length }
}
