import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type CacheShape,
  KeyValueCache,
  type NewKeysAndValues,
} from '../../../../inference/engine/onnx/key-value-cache.ts'

const SHAPE: CacheShape = { tensors: 2, heads: 2, headSize: 3, elementType: 'float32' }

/** One value for each place, so that a wrong copy shows. */
const placeValue = (row: number, tensor: number, head: number, position: number, element: number) =>
  row * 1e5 + tensor * 1e4 + head * 1e3 + position * 10 + element

/** What a run makes of rows that stand at these positions. */
function made(
  rows: readonly { readonly id: number; readonly length: number }[],
  positions: number,
  layout: NewKeysAndValues['layout'],
): NewKeysAndValues {
  const { tensors, heads, headSize } = SHAPE
  const data = Array.from({ length: tensors }, (_, tensor) => {
    const array = new Float32Array(rows.length * heads * positions * headSize)
    for (const [index, { id, length }] of rows.entries())
      for (let head = 0; head < heads; head++)
        for (let position = 0; position < positions; position++)
          for (let element = 0; element < headSize; element++) {
            const at =
              layout === 'flat'
                ? ((index * positions + position) * heads + head) * headSize + element
                : ((index * heads + head) * positions + position) * headSize + element
            array[at] = placeValue(id, tensor, head, length + position, element)
          }
    return array
  })
  return { data, layout, positions }
}

function expectRows(cache: KeyValueCache, rows: readonly { readonly id: number; readonly length: number }[]) {
  const { heads, headSize } = SHAPE
  expect(cache.size).toBe(rows.length)
  const views = cache.views()
  for (const [index, { id, length }] of rows.entries()) {
    expect(cache.lengthOf(index)).toBe(length)
    for (const [tensor, view] of views.entries()) {
      expect(view).toHaveLength(rows.length * heads * cache.capacity * headSize)
      for (let head = 0; head < heads; head++)
        for (let position = 0; position < length; position++)
          for (let element = 0; element < headSize; element++)
            expect(view[((index * heads + head) * cache.capacity + position) * headSize + element]).toBe(
              placeValue(id, tensor, head, position, element),
            )
    }
  }
}

test('keeps every row where it belongs while rows join, grow and leave', () => {
  const operation = fc.oneof(
    fc.record({ type: fc.constant('join' as const), length: fc.integer({ min: 1, max: 80 }) }),
    fc.record({ type: fc.constant('append' as const), positions: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ type: fc.constant('leave' as const), row: fc.nat(7) }),
  )
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 20 }),
      fc.constantFrom('heads_first' as const, 'flat' as const),
      (operations, layout) => {
        const batch = new KeyValueCache(SHAPE, 2, 1)
        const rows: { id: number; length: number }[] = []
        let nextId = 1
        for (const step of operations) {
          if (step.type === 'join') {
            const row = { id: nextId++, length: 0 }
            const own = new KeyValueCache(SHAPE, 1, step.length)
            own.addRow()
            own.append(made([row], step.length, layout))
            batch.join(own)
            rows.push({ ...row, length: step.length })
          } else if (step.type === 'append' && rows.length > 0) {
            batch.reserve(Math.max(...rows.map(({ length }) => length)) + step.positions)
            batch.append(made(rows, step.positions, layout))
            for (const row of rows) row.length += step.positions
          } else if (step.type === 'leave' && step.row < rows.length) {
            batch.removeRow(step.row)
            const last = rows.pop()
            if (last && step.row < rows.length) rows[step.row] = last
          }
        }
        expectRows(batch, rows)
      },
    ),
    { numRuns: 40 },
  )
})

test('gives and takes blocks of positions', () => {
  const from = new KeyValueCache(SHAPE, 1, 70)
  from.addRow()
  from.append(made([{ id: 4, length: 0 }], 70, 'heads_first'))
  const to = new KeyValueCache(SHAPE, 1, 70)
  to.addRow()
  for (const start of [0, 35]) to.copyIn(from.copyOut(start, 35), 35)
  expectRows(to, [{ id: 4, length: 70 }])
})

test('shrinks when the longest row has left', () => {
  const batch = new KeyValueCache(SHAPE, 2, 1)
  for (const length of [500, 10]) {
    const own = new KeyValueCache(SHAPE, 1, length)
    own.addRow()
    own.append(made([{ id: length, length: 0 }], length, 'heads_first'))
    batch.join(own)
  }
  expect(batch.capacity).toBeGreaterThanOrEqual(500)
  batch.removeRow(0)
  expect(batch.capacity).toBeLessThan(100)
  expectRows(batch, [{ id: 10, length: 10 }])
})
