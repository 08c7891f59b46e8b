/** The account of one prefix. */
import { expect, test } from 'vitest'
import {
  cameAgain,
  pays,
  startingWorth,
  stayedAway,
  type Worth,
  wasMissed,
  wasRead,
} from '../../../edge/prompt-cache/worth.ts'

const times = (count: number, change: (worth: Worth) => Worth, worth: Worth) =>
  Array.from({ length: count }).reduce<Worth>((each) => change(each), worth)

test('nothing known does not pay, one quick return does', () => {
  expect(pays(startingWorth())).toBe(false)
  expect(pays(cameAgain(startingWorth()))).toBe(true)
})

test('it takes four unread writes to stop what paid, and three quick returns to begin again', () => {
  const best = times(10, cameAgain, startingWorth())
  expect(pays(times(3, stayedAway, best))).toBe(true)
  expect(pays(times(4, stayedAway, best))).toBe(false)
  const worst = times(100, stayedAway, best)
  expect(pays(times(2, cameAgain, worst))).toBe(false)
  expect(pays(times(3, cameAgain, worst))).toBe(true)
})

test('two reads in a row that were none stop it, each time for twice as long, until one is read', () => {
  const stopped = times(2, wasMissed, startingWorth(1))
  expect(stopped.account).toBe(-4)
  const again = times(2, wasMissed, stopped)
  expect(again.account).toBe(-8)
  expect(times(20, wasMissed, again).account).toBe(-32)
  expect(wasRead(again).floor).toBe(-2)
})
