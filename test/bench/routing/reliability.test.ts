/** What scores mean, as numbers and as text. */
import { expect, test } from 'vitest'
import { describeReliability, measureReliability } from '../../../bench/routing/reliability.ts'
import { parseMessagesRequest } from '../../../shared/messages.ts'
import type { LabelledRequest } from '../../../training/labelled-requests.ts'
import { ask } from '../../support/edge/router.ts'

const TOOLS = { tools: [{ name: 'clock', input_schema: { type: 'object' } }] }
const row = (complex: boolean, fields: Record<string, unknown> = {}): LabelledRequest => ({
  id: crypto.randomUUID(),
  source: 'test',
  complex,
  task: undefined,
  language: 'en',
  sensitive: undefined,
  partner: undefined,
  request: parseMessagesRequest(ask('Hello!', fields)),
})
/** One of four is complex where the score says 0.25, and all are where it says 1. */
const rows = [...[true, false, false, false].map((complex) => row(complex)), row(true), row(true, TOOLS)]
const scorer = { name: 'edge', scores: [0.25, 0.25, 0.25, 0.25, 1, 0], threshold: 0.5 }

test('sets what scores say beside what is, without tool use, for scores that decide', () => {
  const [edge, ...others] = measureReliability(rows, [scorer, { name: 'length', scores: scorer.scores }])
  expect(others).toEqual([])
  expect(edge).toMatchObject({ name: 'edge', rows: 5 })
  expect(edge?.error).toBeCloseTo(0)
  expect(edge?.bins[2]).toEqual({ rows: 4, predicted: 0.25, observed: 0.25 })
  expect(edge?.bins[9]).toEqual({ rows: 1, predicted: 1, observed: 1 })
})

test('draws a bar to what is and a mark where the score says', () => {
  const lines = describeReliability(measureReliability(rows, [scorer])).split('\n')
  expect(lines[0]).toBe('edge, 5 requests without tools; calibration error 0.000')
  expect(lines).toContain('0.0–0.1      0     –        –')
  expect(lines).toContain(`0.2–0.3      4   25 %   25 %   ${'█'.repeat(10)}│`)
  expect(lines).toContain(`0.9–1.0      1  100 %  100 %   ${'█'.repeat(39)}│`)
})
