/**
 * Picks the next token from logits: temperature, top_k, top_p, with an injected source of chance.
 * Pure numbers; knows no tokenizer and no model.
 */

export type SamplingOptions = {
  /** 0 picks the likeliest token. */
  readonly temperature: number
  /** Smallest set of tokens whose probabilities reach this; 1 keeps all, 0 the likeliest. */
  readonly topP: number
  /** The likeliest k tokens; 0 keeps all. */
  readonly topK: number
}

/** A token and the natural log of its probability under the model itself, before temperature and cuts. */
export type Pick = { readonly token: number; readonly logprob: number }

/**
 * Returns the picked token.
 * @param random returns a number in [0, 1); not called when the choice is greedy
 */
export function pickToken(logits: Float32Array, options: SamplingOptions, random: () => number): Pick {
  const likeliest = argmax(logits)
  const max = logits[likeliest] ?? 0
  const total = sumOfExponentials(logits, max, 1)
  const token = options.temperature > 0 ? sample(logits, max, options, random) : likeliest
  return { token, logprob: (logits[token] ?? 0) - max - Math.log(total) }
}

/** Returns a repeatable source of chance (mulberry32) for a 32-bit seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function sample(
  logits: Float32Array,
  max: number,
  { temperature, topP, topK }: SamplingOptions,
  random: () => number,
): number {
  const total = sumOfExponentials(logits, max, temperature)
  const weight = (token: number) => Math.exp(((logits[token] ?? -Infinity) - max) / temperature)
  // Tokens below this share add up to less than 1 − topP, so none of them can belong to the nucleus.
  const least = topP < 1 ? ((1 - topP) / logits.length) * total : 0
  let candidates: number[] = []
  for (let token = 0; token < logits.length; token++) if (weight(token) >= least) candidates.push(token)
  if (topP < 1 || (topK > 0 && topK < candidates.length)) {
    candidates.sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0))
    if (topK > 0) candidates = candidates.slice(0, topK)
    candidates = nucleus(candidates, weight, topP)
  }
  return draw(candidates, weight, random())
}

/** Keeps the shortest head of `sorted` that holds `topP` of its weight. */
function nucleus(sorted: number[], weight: (token: number) => number, topP: number): number[] {
  if (topP >= 1) return sorted
  let total = 0
  for (const token of sorted) total += weight(token)
  let reached = 0
  for (const [index, token] of sorted.entries()) {
    reached += weight(token)
    if (reached >= topP * total) return sorted.slice(0, index + 1)
  }
  return sorted
}

function draw(candidates: readonly number[], weight: (token: number) => number, chance: number): number {
  let total = 0
  for (const token of candidates) total += weight(token)
  let left = chance * total
  for (const token of candidates) {
    left -= weight(token)
    if (left < 0) return token
  }
  return candidates.at(-1) ?? 0
}

function argmax(logits: Float32Array): number {
  let best = 0
  for (let index = 1; index < logits.length; index++)
    if ((logits[index] ?? -Infinity) > (logits[best] ?? -Infinity)) best = index
  return best
}

function sumOfExponentials(logits: Float32Array, max: number, temperature: number): number {
  let sum = 0
  for (let index = 0; index < logits.length; index++)
    sum += Math.exp(((logits[index] ?? -Infinity) - max) / temperature)
  return sum
}
