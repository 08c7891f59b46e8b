/**
 * Rows that share steps: which place each has in the caches of the batch. Runs nothing.
 */
import { type CacheShape, KeyValueCache } from './key-value-cache.ts'

export class RowBatch<R> {
  /** One for each shape; their rows are the members, in order. */
  readonly caches: readonly KeyValueCache[]
  readonly #members: R[] = []

  /** @param maxRows that there is room for at once */
  constructor(shapes: readonly CacheShape[], maxRows: number) {
    this.caches = shapes.map((shape) => new KeyValueCache(shape, maxRows, 1))
  }

  /** Adds a row whose own caches, in the order of the shapes, are copied; none of them where memory runs out. */
  join(row: R, caches: readonly KeyValueCache[]): void {
    for (const [index, cache] of caches.entries()) this.caches[index]?.reserve(cache.lengthOf(0))
    for (const [index, cache] of caches.entries()) this.caches[index]?.join(cache)
    this.#members.push(row)
  }

  /** Makes room for so many more positions in every row. */
  reserve(positions: number): void {
    for (const cache of this.caches) cache.reserve(cache.longest + positions)
  }

  /** Removes a row, if it is a member. */
  leave(row: R): void {
    const index = this.#members.indexOf(row)
    if (index === -1) return
    for (const cache of this.caches) cache.removeRow(index)
    const last = this.#members.pop()
    if (last !== undefined && last !== row) this.#members[index] = last
  }

  /**
   * Returns each member's token, in the order of the members.
   * @throws {RangeError} unless the rows are the members, in any order
   */
  tokensOf(rows: readonly R[], tokens: readonly number[]): BigInt64Array {
    if (rows.length !== this.#members.length)
      throw new RangeError('A step takes all rows that have been read.')
    return BigInt64Array.from(this.#members, (member) => BigInt(tokens[rows.indexOf(member)] ?? 0))
  }

  /** Returns each row's part of what a run made of the members, [members × size]; views, in the order of `rows`. */
  partsOf(rows: readonly R[], all: Float32Array): readonly Float32Array[] {
    const size = all.length / this.#members.length
    return rows.map((row) => {
      const index = this.#members.indexOf(row)
      return all.subarray(index * size, (index + 1) * size)
    })
  }
}
