import { expect, test } from 'vitest'
import { describeProcessor } from '../../../bench/inference/processor.ts'

test('names an x86 processor with its numbers, and the instruction sets that kernels choose by', () => {
  const cpuinfo =
    'processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\n' +
    'flags\t\t: fpu avx avx2 avx512f avx512_vnni sha_ni\n'
  expect(describeProcessor(cpuinfo, 'unused', 2)).toEqual({
    model: 'AMD EPYC (cpu family 25, model 17)',
    cores: 2,
    instructionSets: ['avx2', 'avx512f', 'avx512_vnni'],
  })
})

test('takes the name that Node has where the text has none, as on ARM and outside Linux', () => {
  const cpuinfo = 'processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\n'
  expect(describeProcessor(cpuinfo, 'Neoverse-N1', 4)).toEqual({
    model: 'Neoverse-N1',
    cores: 4,
    instructionSets: ['asimddp', 'i8mm'],
  })
  expect(describeProcessor('', 'Apple M4', 10).instructionSets).toEqual([])
})
