/**
 * Keys and values of attention in memory: of one row while its prompt is read, and of all rows that share steps, one
 * behind the other, so that a step takes them as they lie. Knows shapes, not tokens.
 */

/** Elements of a cache: float32, or float16 as its bits. */
export type CacheArray = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>

export type CacheShape = {
  /** Keys and values of every layer. */
  readonly tensors: number
  readonly heads: number
  readonly headSize: number
  readonly elementType: 'float32' | 'float16'
}

/**
 * What a run made: for each tensor, [rows, heads, positions, headSize] or, flat, [rows, positions, heads × headSize].
 */
export type NewKeysAndValues = {
  readonly data: readonly CacheArray[]
  readonly layout: 'heads_first' | 'flat'
  readonly positions: number
}

/**
 * Prompts are read and remembered in pieces of so many positions, which begin at its multiples: a position's bits depend on
 * where its piece begins, so that all pieces must.
 */
export const PIECE_POSITIONS = 64

/** Buffers grow and shrink by so many positions: what is not filled is computed with and masked. */
const CAPACITY_STEP = 32

/** Returns bytes of keys and values of one token. */
export function cacheBytesPerToken({ tensors, heads, headSize, elementType }: CacheShape): number {
  return tensors * heads * headSize * (elementType === 'float32' ? 4 : 2)
}

/** Returns a capacity that holds so many positions. */
function capacityFor(positions: number): number {
  return Math.ceil(positions / CAPACITY_STEP) * CAPACITY_STEP
}

/** Keys and values of rows in order; each tensor is [rows, heads, capacity, headSize], filled from the start. */
export class KeyValueCache {
  readonly shape: CacheShape
  #tensors: CacheArray[]
  #rows: number
  #capacity: number
  #lengths: number[] = []
  #views: readonly CacheArray[] | undefined

  /**
   * @param rows that there is room for
   * @param positions that there is room for in each row
   */
  constructor(shape: CacheShape, rows: number, positions: number) {
    this.shape = shape
    this.#rows = rows
    this.#capacity = capacityFor(positions)
    this.#tensors = this.#allocate(rows, this.#capacity)
  }

  /** Rows in use. */
  get size(): number {
    return this.#lengths.length
  }

  get capacity(): number {
    return this.#capacity
  }

  /** Positions of the longest row. */
  get longest(): number {
    return Math.max(0, ...this.#lengths)
  }

  lengthOf(row: number): number {
    return this.#lengths[row] ?? 0
  }

  /**
   * Returns the tensors of the rows in use, [size, heads, capacity, headSize] each; views, not copies. The same array is
   * returned until rows or capacity change.
   */
  views(): readonly CacheArray[] {
    const end = this.size * this.#rowSize(this.#capacity)
    this.#views ??= this.#tensors.map((tensor) => tensor.subarray(0, end))
    return this.#views
  }

  /** Adds an empty row at the end and returns its index. */
  addRow(): number {
    if (this.size === this.#rows) this.#resize(this.#rows + 1, this.#capacity)
    this.#lengths.push(0)
    this.#views = undefined
    return this.size - 1
  }

  /** Adds the first row of another cache at the end and returns its index. */
  join(other: KeyValueCache): number {
    const row = this.addRow()
    const length = other.lengthOf(0)
    this.reserve(length)
    this.#copyPositions(other, 0, row, length)
    this.#lengths[row] = length
    return row
  }

  /** Removes a row; the last one takes its place. Returns the index that the row which moved had, or undefined. */
  removeRow(row: number): number | undefined {
    const last = this.size - 1
    if (row !== last) {
      const rowSize = this.#rowSize(this.#capacity)
      for (const tensor of this.#tensors)
        tensor.copyWithin(row * rowSize, last * rowSize, (last + 1) * rowSize)
      this.#lengths[row] = this.lengthOf(last)
    }
    this.#lengths.pop()
    this.#views = undefined
    // Twice what is needed costs more in every step than moving once.
    const needed = capacityFor(this.longest + 1)
    if (this.#capacity > 2 * needed) this.#resize(this.#rows, needed)
    return row === last ? undefined : last
  }

  /** Makes room for so many positions in every row. */
  reserve(positions: number): void {
    if (positions > this.#capacity) this.#resize(this.#rows, capacityFor(positions))
  }

  /** Appends what a run made of the rows in use, in their order, to each of them; room must have been reserved. */
  append(made: NewKeysAndValues): void {
    const { heads, headSize } = this.shape
    const { positions, layout } = made
    const rowSize = this.#rowSize(this.#capacity)
    const size = this.size
    for (const [index, source] of made.data.entries()) {
      const target = this.#tensors[index]
      if (!target) throw new RangeError('A run gave more keys and values than the cache has.')
      for (let row = 0; row < size; row++)
        for (let head = 0; head < heads; head++) {
          const to = row * rowSize + (head * this.#capacity + this.lengthOf(row)) * headSize
          if (layout === 'heads_first') {
            const from = (row * heads + head) * positions * headSize
            target.set(source.subarray(from, from + positions * headSize), to)
          } else
            for (let position = 0; position < positions; position++) {
              const from = ((row * positions + position) * heads + head) * headSize
              target.set(source.subarray(from, from + headSize), to + position * headSize)
            }
        }
    }
    for (let row = 0; row < size; row++) this.#lengths[row] = this.lengthOf(row) + positions
  }

  /** Returns a copy of some positions of the first row: [tensors, heads, count, headSize]. */
  copyOut(start: number, count: number): CacheArray {
    const { heads, headSize } = this.shape
    const block = this.#newArray(this.shape.tensors * heads * count * headSize)
    let to = 0
    for (const tensor of this.#tensors)
      for (let head = 0; head < heads; head++) {
        const from = (head * this.#capacity + start) * headSize
        block.set(tensor.subarray(from, from + count * headSize), to)
        to += count * headSize
      }
    return block
  }

  /** Appends what `copyOut` gave to the first row; room must have been reserved. */
  copyIn(block: CacheArray, count: number): void {
    const { heads, headSize } = this.shape
    const start = this.lengthOf(0)
    let from = 0
    for (const tensor of this.#tensors)
      for (let head = 0; head < heads; head++) {
        tensor.set(block.subarray(from, from + count * headSize), (head * this.#capacity + start) * headSize)
        from += count * headSize
      }
    this.#lengths[0] = start + count
  }

  #rowSize(capacity: number): number {
    return this.shape.heads * capacity * this.shape.headSize
  }

  #newArray(length: number): CacheArray {
    return this.shape.elementType === 'float32' ? new Float32Array(length) : new Uint16Array(length)
  }

  #allocate(rows: number, capacity: number): CacheArray[] {
    const length = rows * this.#rowSize(capacity)
    return Array.from({ length: this.shape.tensors }, () => this.#newArray(length))
  }

  #resize(rows: number, capacity: number): void {
    // First what may fail for want of memory.
    const tensors = this.#allocate(rows, capacity)
    const before = { tensors: this.#tensors, capacity: this.#capacity }
    this.#tensors = tensors
    this.#rows = rows
    this.#capacity = capacity
    this.#views = undefined
    for (let row = 0; row < this.size; row++) this.#copy(before, row, row, this.lengthOf(row))
  }

  #copyPositions(other: KeyValueCache, from: number, to: number, length: number): void {
    this.#copy({ tensors: other.#tensors, capacity: other.#capacity }, from, to, length)
  }

  #copy(
    source: { readonly tensors: readonly CacheArray[]; readonly capacity: number },
    from: number,
    to: number,
    length: number,
  ): void {
    const { heads, headSize } = this.shape
    for (const [index, tensor] of source.tensors.entries())
      for (let head = 0; head < heads; head++) {
        const start = (from * heads + head) * source.capacity * headSize
        this.#tensors[index]?.set(
          tensor.subarray(start, start + length * headSize),
          (to * heads + head) * this.#capacity * headSize,
        )
      }
  }
}
