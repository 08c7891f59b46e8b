/** What scores on labelled rows are worth: in numbers and in tables. */
import { createServer } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeQuality, measureQuality } from '../../../bench/routing/quality.ts'
import { scoreRows } from '../../../bench/routing/scorers.ts'
import { parseMessagesRequest } from '../../../shared/messages.ts'
import type { LabelledRequest } from '../../../training/labelled-requests.ts'
import { ask } from '../../support/edge/router.ts'

function rowOf(at: number, complex: boolean): LabelledRequest {
  const group = Math.floor(at / 2)
  return {
    id: `${complex ? 'c' : 's'}${group}`,
    source: `source ${group % 2}`,
    complex,
    task: complex ? 'code_generation' : 'simple_chat',
    language: 'en',
    sensitive: undefined,
    partner: `${complex ? 's' : 'c'}${group}`,
    request: parseMessagesRequest(ask(complex ? 'Write a parser' : 'Hello!')),
  }
}
const rows = Array.from({ length: 80 }, (_, at) => rowOf(at, at % 2 === 0))
const perfect = { name: 'perfect', scores: rows.map(({ complex }) => (complex ? 0.9 : 0.1)), threshold: 0.5 }
const inverse = { name: 'inverse', scores: perfect.scores.map((score) => 1 - score) }

test('tells a scorer that is always right from one that never is', () => {
  const { scorers, detail } = measureQuality(rows, [inverse, perfect])
  expect(scorers).toMatchObject([
    { name: 'inverse', auc: 0, simpleRecallAt97: 0, atOwnThreshold: undefined },
    {
      name: 'perfect',
      auc: 1,
      simpleRecallAt97: 1,
      simpleRecallAt99: 1,
      atOwnThreshold: { complex: 1, simple: 1 },
    },
  ])
  expect(detail.scorer).toBe('perfect')
  expect(detail.pairs).toEqual({ pairs: 40, inOrder: 1, complex: 1, simple: 1 })
  expect(detail.groups.source.map(({ rows }) => rows)).toEqual([40, 40])
  expect(detail.groups.task).toContainEqual({ name: 'simple_chat', rows: 40, complex: Number.NaN, simple: 1 })
})

test('keeps the complex-recall that is asked for, whatever the scores', () => {
  const scores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
    minLength: rows.length,
    maxLength: rows.length,
  })
  fc.assert(
    fc.property(scores, (scores) => {
      const { detail, scorers } = measureQuality(rows, [{ name: 'any', scores }])
      const complex = detail.groups.task.find(({ name }) => name === 'code_generation')
      expect(complex?.complex).toBeGreaterThanOrEqual(0.97)
      expect(scorers[0]?.simpleRecallAt99).toBeLessThanOrEqual(scorers[0]?.simpleRecallAt97 ?? 0)
    }),
  )
})

test('writes tables that show no number which there is not', () => {
  const text = describeQuality(measureQuality(rows, [inverse, perfect]))
  expect(text).toContain('| perfect | 1.0000 | 100.0 | 100.0 | 100.0 / 100.0 | 0 |')
  expect(text).toContain('| simple_chat | 40 | – | 100.0 |')
  expect(text).not.toContain('NaN')
})

test('shows the worst sources of complex requests, however many of simple ones are worse', () => {
  const many = Array.from({ length: 80 * 15 }, (_, at) => {
    const complex = at % 2 === 0
    return { ...rowOf(at, complex), source: `${complex ? 'complex' : 'simple'} ${at % 80}` }
  })
  const scores = many.map(({ complex, source }) => (complex ? (source === 'complex 0' ? 0.2 : 0.9) : 0.95))
  const text = describeQuality(measureQuality(many, [{ name: 'some', scores }]))
  expect(text).toContain('source (of 80 the 15 worst of either label)')
  expect(text).toContain('| simple 1 | 15 | – | 0.0 |')
  expect(text).toMatch(/\| complex 0 \| 15 \| \d+\.\d \| – \|/)
})

test('says what is missing of rows that cannot be measured', () => {
  expect(() => measureQuality([], [perfect])).toThrow('There are no rows')
  expect(() => measureQuality([rowOf(0, true)], [perfect])).toThrow('both labels')
})

test('scores rows by a decision model at an address, and counts those of which it says nothing', async () => {
  let asked = 0
  const server = createServer((request, response) => {
    let text = ''
    request
      .on('data', (piece) => {
        text += String(piece)
      })
      .on('end', () => {
        asked++
        if (asked === 4) response.statusCode = 500
        const noul = text.includes('Write a parser') ? 0.99 : 0.01
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ model: 'x', answers: { complex: { type: 'noul', noul } } }))
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const systemone = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1/systemone`
  const scorers = await scoreRows(rows.slice(0, 16), { judge: false, systemone, environment: {} })
  server.close()
  expect(asked).toBe(16)
  expect(scorers.map(({ name }) => name)).toEqual([
    'length of the last turn',
    'keywords',
    'edge',
    'decision model',
    'edge and decision model',
  ])
  expect(scorers.at(-2)?.missing).toBe(1)
  expect(measureQuality(rows.slice(0, 16), scorers).scorers.at(-2)?.auc).toBeGreaterThan(0.7)
})
