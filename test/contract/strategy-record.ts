/** What every record of the strategy must keep to, whatever it stores it in. */
import { expect, test } from 'vitest'
import { STRATEGIES } from '../../edge/strategy.ts'
import type { StrategyRecord } from '../../edge/strategy-store.ts'

/** Registers the tests of a record; `create` returns one in which nothing is set. */
export function testStrategyRecord(name: string, create: () => StrategyRecord): void {
  test(`${name} holds nothing before anything was written`, async () => {
    expect(await create().read()).toBeUndefined()
  })

  test(`${name} gives back each strategy that was written last`, async () => {
    const record = create()
    for (const strategy of STRATEGIES) {
      await record.write(strategy)
      expect(await record.read()).toBe(strategy)
    }
  })

  test(`${name} holds nothing after it was cleared`, async () => {
    const record = create()
    await record.write('hybrid')
    await record.clear()
    expect(await record.read()).toBeUndefined()
  })
}
