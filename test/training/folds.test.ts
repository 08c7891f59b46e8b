/** Folds and weights of rows. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FOLDS, foldsOf, foldsOfPairs, weightsOf } from '../../training/folds.ts'
import type { LabelledRequest } from '../../training/labelled-requests.ts'
import { labelledRow } from '../support/labelled-row.ts'

const anyRows = fc
  .array(fc.tuple(fc.constantFrom(...'abcdefghijkl'), fc.boolean()), { minLength: 1, maxLength: 80 })
  .map((rows) => rows.map(([source, complex], at) => labelledRow(source, complex, `text ${at}`)))

const sizesOf = (keys: readonly unknown[]) =>
  [...Map.groupBy(keys, (key) => key).values()].map(({ length }) => length)

test('never splits a source, whatever the order of rows', () => {
  const foldBySource = (rows: readonly LabelledRequest[]) => {
    const folds = foldsOf(rows)
    return new Map(rows.map(({ source }, at) => [source, folds[at]]))
  }
  fc.assert(
    fc.property(anyRows, (rows) => {
      const foldOf = foldBySource(rows)
      expect(foldsOf(rows)).toEqual(rows.map(({ source }) => foldOf.get(source)))
      expect(foldBySource(rows.toReversed())).toEqual(foldOf)
    }),
  )
})

test('makes folds that differ by no more than the largest source', () => {
  fc.assert(
    fc.property(anyRows, (rows) => {
      const folds = foldsOf(rows)
      const loads = Array.from({ length: FOLDS }, (_, fold) => folds.filter((own) => own === fold).length)
      expect(loads.reduce((sum, load) => sum + load)).toBe(rows.length)
      const largest = Math.max(...sizesOf(rows.map(({ source }) => source)))
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(largest)
    }),
  )
})

test('weighs both labels alike, 1 on average', () => {
  fc.assert(
    fc.property(anyRows, (rows) => {
      const weights = weightsOf(rows)
      for (const label of [true, false]) {
        const own = weights.filter((_, at) => rows[at]?.complex === label)
        if (own.length > 0) expect(own.reduce((sum, weight) => sum + weight)).toBeCloseTo(rows.length / 2)
      }
    }),
  )
})

test('lets a source count by the square root of its size', () => {
  const rows = ['a', 'b', 'b', 'b', 'b'].map((source, at) => labelledRow(source, true, `text ${at}`))
  const [single = 0, ...others] = weightsOf(rows)
  expect(others.reduce((sum, weight) => sum + weight)).toBeCloseTo(2 * single)
})

test('keeps a row and the one that it names in one fold, whoever else names that one', () => {
  const partners = fc.array(fc.option(fc.nat({ max: 59 })), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(partners, (given) => {
      const rows = given.map((partner, at) =>
        labelledRow('source', at % 2 === 0, `row ${at}`, {
          partner: partner === null || partner >= given.length ? undefined : `row ${partner}`,
        }),
      )
      const folds = foldsOfPairs(rows)
      for (const [at, { partner }] of rows.entries())
        if (partner !== undefined) expect(folds[at]).toBe(folds[rows.findIndex(({ id }) => id === partner)])
    }),
  )
})

test('deals out rows and pairs by turns, where rows are left out', () => {
  const rows = [...'aabbccddeeff'].map((pair, at, all) =>
    labelledRow('source', at % 2 === 0, `${pair} ${at % 2}`, {
      partner: all[at] === 'f' ? undefined : `${pair} ${1 - (at % 2)}`,
    }),
  )
  expect(foldsOfPairs(rows)).toEqual([0, 0, 2, 2, 4, 4, 1, 1, 3, 3, 0, 1])
})
