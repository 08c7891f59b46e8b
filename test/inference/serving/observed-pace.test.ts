/** How fast the model is taken to be: first by its self-test, then by what it does. */
import { expect, test } from 'vitest'
import { createObservedPace } from '../../../inference/serving/observed-pace.ts'

function observe() {
  const clock = { ms: 0 }
  const speed = { firstTokenMs: 100, prefillTokensPerSecond: 500, tokensPerSecond: 50 }
  return {
    clock,
    pace: createObservedPace(
      () => speed,
      () => clock.ms,
    ),
  }
}

test('begins with the self-test, and with nothing where there was none', () => {
  expect(observe().pace.pace(false)).toEqual({ msPerPrefillToken: 2, msPerToken: 20 })
  const untested = createObservedPace(
    () => undefined,
    () => 0,
  )
  expect(untested.pace(true)).toEqual({ msPerPrefillToken: 0, msPerToken: 0 })
})

test('follows what is observed, the more the more tokens it was', () => {
  const { clock, pace } = observe()
  const read = pace.measurePrefill(256)
  clock.ms = 256 * 4
  read()
  pace.observeTokens(128, 128 * 40)
  expect(pace.pace(false)).toEqual({ msPerPrefillToken: 3, msPerToken: 30 })
  for (let token = 0; token < 2000; token++) pace.observeTokens(1, 40)
  expect(pace.pace(false).msPerToken).toBeCloseTo(40, 0)
})

test('does not take the time of prompts that were read in between for its own', () => {
  const { clock, pace } = observe()
  const [first, second] = [pace.measurePrefill(100), pace.measurePrefill(300)]
  clock.ms = 200
  first()
  clock.ms = 800
  second()
  expect(pace.pace(false).msPerPrefillToken).toBeCloseTo(2)
})

test('takes an idle model for as fast as it was alone, whatever stalled it before', () => {
  const { pace } = observe()
  pace.observeTokens(128, 600_000)
  expect(pace.pace(false).msPerToken).toBeGreaterThan(1000)
  expect(pace.pace(true).msPerToken).toBe(20)
})

test('learns how long answers are and how many tokens an estimate stands for', () => {
  const { pace } = observe()
  expect(pace.answerTokens()).toBe(64)
  for (let answer = 0; answer < 40; answer++) pace.observeAnswer(10)
  expect(pace.answerTokens()).toBeCloseTo(10, 0)
  expect(pace.promptTokens(100)).toBe(100)
  for (let prompt = 0; prompt < 40; prompt++) pace.observePrompt(100, 60)
  expect(pace.promptTokens(100)).toBeCloseTo(60, -1)
  pace.observePrompt(0, 30)
  expect(pace.promptTokens(0)).toBe(0)
})
