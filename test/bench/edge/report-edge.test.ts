import { expect, test } from 'vitest'
import { DIRECT, edgeFigures, figuresTable, ledgerVerdicts } from '../../../bench/edge/report-edge.ts'

const KINDS = [{ name: 'pass-through', unit: 'request' }] as const
const VARIANTS = ['floor', 'without ledger', 'without objects', 'as shipped'] as const

function measured(contender: string, cpuMs: number, wholeMs: number) {
  return {
    kind: 'pass-through',
    contender,
    slices: [{ cpuMs, count: 1_000 }],
    times: { firstByteMs: [wholeMs / 2], wholeMs: [wholeMs] },
  }
}

function figuresWhereShippedTakes(cpuMs: number) {
  const all = [
    measured(DIRECT, 0, 10),
    measured('floor', 100, 11),
    measured('without ledger', 200, 12),
    measured('without objects', 202, 12),
    measured('as shipped', cpuMs, 12.25),
  ]
  return edgeFigures(all, KINDS, VARIANTS)
}

test('figures are by request, beside the floor and beside the router without its ledger', () => {
  const [floor, , , shipped] = figuresWhereShippedTakes(300)
  expect(floor).toMatchObject({ cpuMicroseconds: 100, toWithoutLedger: undefined, addedMs: { p50: 1 } })
  expect(shipped).toMatchObject({
    cpuMicroseconds: 300,
    toFloor: { pooled: 3 },
    toWithoutLedger: { pooled: 1.5 },
    addedMs: { p50: 2.25 },
  })
})

test('of streams the first byte counts', () => {
  const all = [measured(DIRECT, 0, 10), measured('floor', 100, 14)]
  const [floor] = edgeFigures(all, [{ name: 'pass-through', unit: 'chunk' }], ['floor'])
  expect(floor?.addedMs.p50).toBe(2)
})

test('the ledger is said to cost too much where it does, with the number', () => {
  expect(ledgerVerdicts(figuresWhereShippedTakes(300))).toEqual([
    'pass-through: +50 % CPU, more than 5 %; of the µs a request +2 for putting the receipt together, +98 for the object that keeps it; p50 +0.3 ms',
  ])
  expect(ledgerVerdicts(figuresWhereShippedTakes(208))).toEqual([
    'pass-through: +4 % CPU, within 5 %; of the µs a request +2 for putting the receipt together, +6 for the object that keeps it; p50 +0.3 ms',
  ])
})

test('what was not measured is no figure', () => {
  expect(() => edgeFigures([measured('floor', 1, 1)], KINDS, ['floor'])).toThrow('direct')
})

test('the table shows every ratio with its rounds', () => {
  expect(figuresTable(figuresWhereShippedTakes(300))).toContain(
    '| pass-through | as shipped | 300 a request | 3.00 (3.00–3.00) | 1.50 (1.50–1.50) | 2.3 | 2.3 |',
  )
})
