import { expect, test } from 'vitest'
import type { Measured } from '../../../bench/inference/comparison.ts'
import { printComparison, reportComparison } from '../../../bench/inference/report.ts'

const load = { cpuMs: 500, wallMs: 1_000 }
const measured = (name: string, values: readonly number[], texts: readonly string[]): Measured => ({
  name,
  what: `what ${name} is`,
  serving: 'batched',
  rows: 1,
  loads: [load, load],
  memoryMiB: undefined,
  series: [{ name: 'speed', unit: '', values }],
  everyday: texts.map((text) => ({ text, tokens: 1 })),
})
const processor = { model: 'A processor', cores: 2, instructionSets: ['avx2'] }
const report = reportComparison(
  [
    measured('ours', [30, 90, 20], ['a', 'b']),
    measured('floor', [10, 30, 20], ['a', 'c']),
    { name: 'peer', what: 'another engine', skipped: 'it is not installed' },
  ],
  'floor',
  { processor, model: 'a model', rounds: 3 },
)

test('a ratio is the median of the ratios within rounds, not the ratio of medians', () => {
  const speed = report.contenders.map(({ figures }) => figures.find(({ name }) => name === 'speed'))
  expect(speed[0]).toEqual({ name: 'speed', unit: '', value: 30, ratio: 3 })
  expect(speed[1]).toEqual({ name: 'speed', unit: '', value: 20, ratio: undefined })
})

test('answers are counted that are the same to the letter', () => {
  expect(report.contenders.map(({ sameAnswers }) => sameAnswers)).toEqual([1, 2])
})

test('the table names the processor, every figure, and who was skipped and why', () => {
  const text = printComparison(report)
  expect(text).toContain('A processor, 2 cores, one thread each; instruction sets: avx2.')
  expect(text).toContain('| speed | 30.0 (×3.00) | 20.0 |')
  expect(text).toContain('Skipped: peer (another engine): it is not installed')
})
