import { setTimeout as later } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createStepLoop, type Generation } from '../../../../inference/engine/onnx/step-loop.ts'
import type { InspectPrompt, Row, StepModel } from '../../../../inference/engine/step-model.ts'

type CountingRow = Row & { readonly ids: readonly number[]; left: number; made: number }

const PIECE = 4

/** Its logits tell how many tokens the row has made; it remembers what was asked of it. */
function countingModel(maxRows: number, failAt?: (row: CountingRow) => boolean) {
  const open = new Set<CountingRow>()
  const calls: string[] = []
  let mostRows = 0
  const model: StepModel<CountingRow> = {
    maxRows,
    open({ ids }) {
      const row = { ids, left: ids.length, made: 0, cachedTokens: 0 }
      open.add(row)
      mostRows = Math.max(mostRows, open.size)
      return row
    },
    async read(row) {
      calls.push(`read ${row.ids[0]}`)
      row.left -= PIECE
      if (failAt?.(row)) throw new Error('broken')
      return row.left > 0 ? undefined : Float32Array.of(row.made)
    },
    async step(rows) {
      calls.push(`step ${rows.map((row) => row.ids[0]).join()}`)
      if (rows.some((row) => !open.has(row) || row.left > 0)) throw new Error('a row that may not step')
      return rows.map((row) => Float32Array.of(++row.made))
    },
    close: (row) => void open.delete(row),
    dispose: async () => {},
  }
  return { model, calls, open, mostRows: () => mostRows }
}

function generation(id: number, length: number, tokens: number, signal = new AbortController().signal) {
  const ids = Array.from({ length }, () => id)
  const seen: number[] = []
  const value: Generation = {
    sequence: {
      ids,
      accept(logits) {
        seen.push(logits[0] ?? -1)
        return { token: 7, done: seen.length >= tokens }
      },
    },
    open: { ids, cacheScope: undefined, maxTokens: length + tokens },
    onOpen: () => {},
    signal,
  }
  return { value, seen }
}

test('gives each answer its own tokens, whoever shares the steps', async () => {
  const request = fc.record({
    length: fc.integer({ min: 1, max: 20 }),
    tokens: fc.integer({ min: 1, max: 9 }),
    delay: fc.integer({ min: 0, max: 3 }),
    abort: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      async (requests, rows) => {
        const { model, open, mostRows } = countingModel(rows)
        const loop = createStepLoop(model)
        await Promise.all(
          requests.map(async ({ length, tokens, delay, abort }, id) => {
            await later(delay)
            const control = new AbortController()
            const { value, seen } = generation(id, length, tokens, control.signal)
            if (abort !== undefined) setTimeout(() => control.abort(), abort)
            await loop.run(value)
            const whole = Array.from({ length: tokens }, (_, index) => index)
            expect(seen).toEqual(control.signal.aborted ? whole.slice(0, seen.length) : whole)
          }),
        )
        expect(open.size).toBe(0)
        expect(mostRows()).toBeLessThanOrEqual(rows)
        expect(loop.stats().rowsInUse).toBe(0)
      },
    ),
    { numRuns: 30 },
  )
})

test('reads a long prompt between the steps of those who run', async () => {
  const { model, calls } = countingModel(2)
  const loop = createStepLoop(model)
  const runs = [generation(1, 2, 6), generation(2, 4 * PIECE, 2)]
  await Promise.all(runs.map(({ value }) => loop.run(value)))
  expect(calls.slice(0, 8)).toEqual([
    'read 1',
    'step 1',
    'read 2',
    'step 1',
    'read 2',
    'step 1',
    'read 2',
    'step 1',
  ])
})

test('reads the shorter of two prompts first, but no prompt waits for ever', async () => {
  const { model, calls } = countingModel(3)
  const loop = createStepLoop(model)
  const long = generation(1, 200, 1)
  const done = loop.run(long.value)
  let others = 0
  let over = false
  void done.then(() => {
    over = true
  })
  while (!over && others < 2000) {
    others++
    await loop.run(generation(2, 3, 1).value)
  }
  expect(over).toBe(true)
  expect(calls.indexOf('read 2')).toBeLessThan(4)
})

test('a row that fails takes no other with it', async () => {
  const { model, open } = countingModel(4, (row) => row.ids[0] === 2 && row.left <= 0)
  const loop = createStepLoop(model)
  const good = generation(1, 3, 5)
  const results = await Promise.allSettled([
    loop.run(good.value),
    loop.run(generation(2, 9, 5).value),
    loop.run(generation(3, 3, 5).value),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(good.seen).toHaveLength(5)
  expect(open.size).toBe(0)
})

test('looks at prompts though all rows are taken, a few at once, and between the steps of those who run', async () => {
  const counted = countingModel(1)
  const { calls, open } = counted
  // What the model calls once it has read a prompt as far as its states are there.
  const inspections = new Map<number | undefined, InspectPrompt | undefined>()
  const model: StepModel<CountingRow> = {
    ...counted.model,
    open(options) {
      inspections.set(options.ids[0], options.inspection)
      return counted.model.open(options)
    },
    async read(row) {
      const logits = await counted.model.read(row)
      if (row.left <= PIECE) inspections.get(row.ids[0])?.inspect({ firstPosition: 0, tensors: {} })
      return logits
    },
  }
  const loop = createStepLoop(model)
  const running = generation(1, 2, 60)
  const done = loop.run(running.value)
  const waiting = generation(2, 2, 1)
  const waited = loop.run(waiting.value)
  const seen: number[] = []
  const inspect = (id: number, signal = new AbortController().signal) =>
    loop.inspect(
      {
        ids: Array.from({ length: 3 * PIECE }, () => id),
        cacheScope: undefined,
        maxTokens: 3 * PIECE,
        inspection: {
          tensors: [],
          inspect() {
            if (id === 7) throw new Error('declined')
            seen.push(id)
          },
        },
      },
      signal,
    )
  const gone = new AbortController()
  const results = Promise.allSettled(
    [3, 4, 5, 6, 7, 8].map((id) => inspect(id)).concat(inspect(9, gone.signal)),
  )
  gone.abort()
  expect((await results).map(({ status }) => status)).toEqual([
    ...Array.from({ length: 4 }, () => 'fulfilled'),
    'rejected',
    'fulfilled',
    'fulfilled',
  ])
  expect(seen.toSorted()).toEqual([3, 4, 5, 6, 8])
  // None of them was read further than it had to be, nor waited for the row that runs.
  expect(running.seen.length).toBeLessThan(60)
  expect(calls.filter((call) => call === 'read 3')).toHaveLength(2)
  expect(calls.some((call, index) => call.startsWith('read') && calls[index + 1]?.startsWith('read'))).toBe(
    false,
  )
  await Promise.all([done, waited])
  expect([running.seen.length, waiting.seen.length, open.size]).toEqual([60, 1, 0])
})

test('counts steps and the rows that shared them', async () => {
  const { model } = countingModel(2)
  const loop = createStepLoop(model)
  await Promise.all([loop.run(generation(1, 1, 3).value), loop.run(generation(2, 1, 3).value)])
  const { steps, rowSteps } = loop.stats()
  expect(rowSteps).toBe(4)
  expect(steps).toBe(3)
})
