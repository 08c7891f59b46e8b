/** The dashboard's filter in addresses. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  DEFAULT_PRESET,
  FILTER_FIELDS,
  type Filter,
  narrow,
  PRESETS,
  type Preset,
  periodOf,
  readFilter,
  writeFilter,
} from '../../../../edge/pages/dashboard/filter.ts'

const HERE = 'Europe/Berlin'
const fresh: Filter = { range: DEFAULT_PRESET, timezone: HERE, conditions: {} }
const read = (query: string) => readFilter(new URLSearchParams(query), HERE)

const instant = fc.integer({ min: 0, max: 4_000_000_000_000 })
const filters: fc.Arbitrary<Filter> = fc.record({
  range: fc.oneof(
    fc.constantFrom(...(Object.keys(PRESETS) as Preset[])),
    fc
      .tuple(instant, fc.integer({ min: 1, max: 1e10 }))
      .map(([from, length]) => ({ from, to: from + length })),
  ),
  timezone: fc.constantFrom(HERE, 'UTC', 'Asia/Kathmandu'),
  conditions: fc.dictionary(
    fc.constantFrom(...FILTER_FIELDS),
    fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }).filter((text) => text.isWellFormed()),
    { noNullPrototype: true },
  ),
})

test('reads what it has written', () => {
  fc.assert(
    fc.property(filters, (filter) => {
      expect(read(writeFilter(filter, HERE))).toEqual({ filter, problems: [] })
    }),
  )
})

test('leaves out of an address what is as in a new visit', () => {
  expect(writeFilter(fresh, HERE)).toBe('')
  expect(read('')).toEqual({ filter: fresh, problems: [] })
})

test('says what it could not use, and shows what a new visit would', () => {
  for (const query of [
    'range=5y',
    'range=constructor',
    'from=yesterday&to=2026-11-27',
    'to=2026-11-27T00:00Z',
  ]) {
    const { filter, problems } = read(query)
    expect(filter).toEqual(fresh)
    expect(problems).toHaveLength(1)
  }
  expect(read('timezone=Mars/Olympus').problems[0]).toContain('no time zone "Mars/Olympus"')
  expect(read('from=2026-11-27T10:00Z&to=2026-11-27T09:00Z').problems[0]).toContain('before')
})

test('takes any address without failing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (query) => {
      const { filter } = read(query)
      const { from, to } = periodOf(filter, 1_764_000_000_000)
      expect(from).toBeLessThan(to)
    }),
  )
})

test('sets conditions and takes them away', () => {
  const narrowed = narrow(fresh, { route: 'local', user: 'u1' })
  expect(narrowed.conditions).toEqual({ route: 'local', user: 'u1' })
  expect(narrow(narrowed, { route: undefined }).conditions).toEqual({ user: 'u1' })
})

test('lets a preset end now', () => {
  expect(periodOf({ ...fresh, range: '24h' }, 100_000_000)).toEqual({ from: 13_600_000, to: 100_000_000 })
})
