/**
 * Picks the next token from logits: the likeliest or one drawn by chance, after a penalty for what occurred, among all
 * tokens or those that are allowed. Pure numbers; knows no tokenizer and no model.
 */
import { createDraw, type DrawOptions } from './draw.ts'

export type SamplingOptions = DrawOptions & {
  /** 0 picks the likeliest token. */
  readonly temperature: number
  /** Divides the logits of tokens that occurred, multiplies negative ones; 1 changes nothing. */
  readonly repetitionPenalty: number
}

/** What a pick says of the model itself, before temperature, penalty and cuts. */
export type Confidence = {
  /** Natural log of the token's probability. */
  readonly logprob: number
  /** By how much the likeliest token's logit exceeds the second one's. */
  readonly margin: number
}

export type TokenPick = {
  readonly token: number
  /** Where it was asked for. */
  readonly confidence: Confidence | undefined
}

export type Sampler = {
  /**
   * Picks a token and notes that it occurred. The logits are only read.
   * @param allowed the tokens to choose from, at least one; all where it is absent
   * @throws {RangeError} for logits that are not numbers
   */
  readonly pick: (logits: Float32Array, allowed?: readonly Int32Array[]) => TokenPick
}

export type SamplerOptions = {
  readonly sampling: SamplingOptions
  /** A number in [0, 1); not called when the choice is greedy. */
  readonly random: () => number
  /** Tokens that the penalty counts as having occurred. */
  readonly occurred: Iterable<number>
  /** A token that is never picked. */
  readonly banned?: number | undefined
  /** Whether picks tell their confidence: it costs a sum of exponentials over the vocabulary. */
  readonly withConfidence: boolean
}

/** Returns the sampler of one sequence. */
export function createSampler(options: SamplerOptions): Sampler {
  const { sampling, random, occurred, banned, withConfidence } = options
  const { repetitionPenalty } = sampling
  const penalised = repetitionPenalty === 1 ? undefined : new Set(occurred)
  const draw = sampling.temperature > 0 ? createDraw(sampling) : undefined
  let copy = new Float32Array(0)
  let gathered = new Float32Array(0)

  /** A row belongs to the model, and others may read it: what changes it works on a copy. */
  const rowOf = (logits: Float32Array, allowed: readonly Int32Array[] | undefined): Float32Array => {
    let row = logits
    if (penalised !== undefined || banned !== undefined) {
      if (copy.length !== logits.length) copy = new Float32Array(logits.length)
      copy.set(logits)
      if (penalised !== undefined) penalise(copy, penalised, repetitionPenalty)
      if (banned !== undefined) copy[banned] = -Infinity
      row = copy
    }
    if (allowed === undefined) return row
    const count = allowed.reduce((sum, tokens) => sum + tokens.length, 0)
    if (gathered.length < count) gathered = new Float32Array(count)
    gather(row, allowed, gathered)
    return gathered.subarray(0, count)
  }

  return {
    pick(logits, allowed) {
      const row = rowOf(logits, allowed)
      const likeliest = argmax(row)
      const max = row[likeliest] ?? Number.NaN
      if (!Number.isFinite(max))
        throw new RangeError('The model gave logits that are not numbers; its files may be damaged.')
      const index = draw === undefined ? likeliest : draw(row, max, random())
      const token = allowed === undefined ? index : tokenAt(allowed, index)
      penalised?.add(token)
      return { token, confidence: withConfidence ? measureConfidence(logits, token) : undefined }
    },
  }
}

/** Returns a token's probability in the model's own distribution, 0 to 1; NaN for logits that are not numbers. */
export function probabilityOf(logits: Float32Array, token: number): number {
  return Math.exp(measureConfidence(logits, token).logprob)
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

/** As transformers' RepetitionPenaltyLogitsProcessor: each token once, however often it occurred. */
function penalise(row: Float32Array, tokens: ReadonlySet<number>, penalty: number): void {
  for (const token of tokens) {
    const logit = row[token]
    if (logit !== undefined) row[token] = logit < 0 ? logit * penalty : logit / penalty
  }
}

function gather(row: Float32Array, lists: readonly Int32Array[], into: Float32Array): void {
  let at = 0
  for (const tokens of lists)
    for (let index = 0; index < tokens.length; index++) into[at++] = row[tokens[index] ?? 0] ?? -Infinity
}

function tokenAt(lists: readonly Int32Array[], index: number): number {
  let left = index
  for (const tokens of lists) {
    const token = tokens[left]
    if (token !== undefined) return token
    left -= tokens.length
  }
  throw new RangeError('There is no such token.')
}

/** The first of the largest; an index whose entry is no number if there is one. */
function argmax(row: Float32Array): number {
  let best = -Infinity
  let at = 0
  for (let index = 0; index < row.length; index++) {
    const value = row[index] ?? 0
    // One comparison for the many: only what is larger, or no number, is looked at again.
    if (value <= best) continue
    if (Number.isNaN(value)) return index
    best = value
    at = index
  }
  return at
}

function measureConfidence(logits: Float32Array, token: number): Confidence {
  const likeliest = argmax(logits)
  const max = logits[likeliest] ?? 0
  let second = -Infinity
  let sum = 0
  for (let index = 0; index < logits.length; index++) {
    const logit = logits[index] ?? 0
    sum += Math.exp(logit - max)
    if (logit > second && index !== likeliest) second = logit
  }
  return { logprob: (logits[token] ?? 0) - max - Math.log(sum), margin: max - second }
}
