/** Prometheus' text format, checked against a reader written from its description. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { prometheusText } from '../../../edge/telemetry/prometheus-text.ts'
import { readPrometheus } from './prometheus-reader.ts'

test('gives every label back as it was, whatever it holds', () => {
  const anything = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed() && !text.includes('\r'))
  fc.assert(
    fc.property(
      anything,
      anything,
      fc.integer().map((whole) => whole / 1_000 || 0),
      (tenant, help, value) => {
        const samples = [{ labels: { tenant, route: 'local' }, value }]
        const text = prometheusText([{ name: 'requests_total', type: 'counter', help, samples }])
        expect(readPrometheus(text)).toEqual([
          { name: 'requests_total', labels: { tenant, route: 'local' }, value },
        ])
      },
    ),
  )
})

test('leaves out families without samples, and braces without labels', () => {
  const samples = [{ labels: {}, value: 1 }]
  expect(
    prometheusText([
      { name: 'empty', type: 'gauge', help: 'Nothing.', samples: [] },
      { name: 'up', type: 'gauge', help: 'Up.', samples },
    ]),
  ).toBe('# HELP up Up.\n# TYPE up gauge\nup 1\n')
})
