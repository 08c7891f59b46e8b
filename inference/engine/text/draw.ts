/**
 * Draws from a row of logits by chance: temperature, top_k, top_p, min_p, in the order in which transformers applies them.
 * Sorts no more of the row than it must. Does not know what the row stands for.
 */

export type DrawOptions = {
  /** Above 0. */
  readonly temperature: number
  /** The likeliest k entries; 0 keeps all. */
  readonly topK: number
  /** Of these the smallest set whose probabilities reach this; 1 keeps all, 0 the likeliest. */
  readonly topP: number
  /** Of these the ones that have at least this share of the likeliest one's probability; 0 keeps all. */
  readonly minP: number
}

/**
 * Returns an index of the row.
 * @param max the row's largest logit
 * @param chance in [0, 1)
 */
export type Draw = (row: Float32Array, max: number, chance: number) => number

/** A whole vocabulary of smaller ones weighs less than the rounding of one logit does; at low temperatures most are. */
const LEAST_EXPONENT = -30

/** Returns a drawer, which keeps its working memory from one row to the next. */
export function createDraw({ temperature, topK, topP, minP }: DrawOptions): Draw {
  /** Indexes of the row, and beside each its probability as a share of the likeliest one's. */
  let indexes = new Int32Array(0)
  let weights = new Float64Array(0)

  return (row, max, chance) => {
    const count = topK > 0 ? Math.min(topK, row.length) : row.length
    if (indexes.length < count) {
      indexes = new Int32Array(count)
      weights = new Float64Array(count)
    }
    if (count < row.length) selectLargest(row, indexes, weights, count)
    else for (let index = 0; index < count; index++) indexes[index] = index
    const total = weigh(row, max, temperature, indexes, weights, count)
    if (topP >= 1 && minP <= 0) return drawFrom(indexes, weights, 0, count, chance)
    // Weights below this add up to less than 1 − topP of all, so none of them can belong to the nucleus.
    const tail = Math.min(1, ((1 - topP) * total) / count)
    const kept = keepFrom(Math.max(tail, minP), indexes, weights, count)
    const start = topP < 1 ? separateNucleus(topP * total, indexes, weights, kept) : 0
    return drawFrom(indexes, weights, start, kept, chance)
  }
}

/** Puts the indexes of the `count` largest logits first, in no order; `keys` is overwritten. */
function selectLargest(row: Float32Array, indexes: Int32Array, keys: Float64Array, count: number): void {
  for (let index = 0; index < count; index++) {
    indexes[index] = index
    keys[index] = -(row[index] ?? 0)
  }
  heapify(indexes, keys, count)
  for (let index = count; index < row.length; index++) {
    const key = -(row[index] ?? 0)
    if (key >= (keys[0] ?? 0)) continue
    indexes[0] = index
    keys[0] = key
    siftDown(indexes, keys, 0, count)
  }
}

function weigh(
  row: Float32Array,
  max: number,
  temperature: number,
  indexes: Int32Array,
  weights: Float64Array,
  count: number,
): number {
  let total = 0
  for (let at = 0; at < count; at++) {
    const exponent = ((row[indexes[at] ?? 0] ?? 0) - max) / temperature
    const weight = exponent < LEAST_EXPONENT ? 0 : Math.exp(exponent)
    weights[at] = weight
    total += weight
  }
  return total
}

/** Moves what weighs at least `least` to the front and returns how many these are. */
function keepFrom(least: number, indexes: Int32Array, weights: Float64Array, count: number): number {
  let kept = 0
  for (let at = 0; at < count; at++) {
    const weight = weights[at] ?? 0
    if (weight < least) continue
    indexes[kept] = indexes[at] ?? 0
    weights[kept] = weight
    kept++
  }
  return kept
}

/** Moves the heaviest, until their weights reach `mass`, to the end and returns where they start. */
function separateNucleus(mass: number, indexes: Int32Array, weights: Float64Array, count: number): number {
  heapify(indexes, weights, count)
  let start = count
  let reached = 0
  do {
    start--
    const index = indexes[0] ?? 0
    const weight = weights[0] ?? 0
    indexes[0] = indexes[start] ?? 0
    weights[0] = weights[start] ?? 0
    indexes[start] = index
    weights[start] = weight
    siftDown(indexes, weights, 0, start)
    reached += weight
  } while (start > 0 && reached < mass)
  return start
}

function drawFrom(
  indexes: Int32Array,
  weights: Float64Array,
  start: number,
  end: number,
  chance: number,
): number {
  let total = 0
  for (let at = start; at < end; at++) total += weights[at] ?? 0
  let left = chance * total
  let drawn = indexes[start] ?? 0
  for (let at = start; at < end; at++) {
    const weight = weights[at] ?? 0
    if (weight <= 0) continue
    drawn = indexes[at] ?? 0
    left -= weight
    if (left < 0) break
  }
  return drawn
}

/** Makes a heap with the largest key first. */
function heapify(indexes: Int32Array, keys: Float64Array, count: number): void {
  for (let at = (count >> 1) - 1; at >= 0; at--) siftDown(indexes, keys, at, count)
}

function siftDown(indexes: Int32Array, keys: Float64Array, from: number, count: number): void {
  const index = indexes[from] ?? 0
  const key = keys[from] ?? 0
  let at = from
  for (;;) {
    let child = 2 * at + 1
    if (child >= count) break
    if (child + 1 < count && (keys[child + 1] ?? 0) > (keys[child] ?? 0)) child++
    if ((keys[child] ?? 0) <= key) break
    indexes[at] = indexes[child] ?? 0
    keys[at] = keys[child] ?? 0
    at = child
  }
  indexes[at] = index
  keys[at] = key
}
