import { expect, test } from 'vitest'
import { KINDS } from '../../../bench/edge/workload.ts'

const SIZES = new Map([
  ['large body', 65_536],
  ['huge body', 1_048_576],
])

test('bodies have the size that the report names, and no two are the same but for the cache', () => {
  for (const kind of KINDS) {
    const [first, second] = [kind.body(1), kind.body(2)]
    expect(Buffer.byteLength(first)).toBe(SIZES.get(kind.name) ?? 200)
    expect(first === second).toBe(kind.name === 'cache hit')
  }
})
