/**
 * Which processor a figure was measured on, and which of its instruction sets count for it: on another one it means
 * little. Linux names them in /proc/cpuinfo.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'

export type Processor = {
  /** With the maker's numbers where the system tells them: clouds call many processors by one name. */
  readonly model: string
  readonly cores: number
  /** Of those that the kernels choose by, the ones that are there. */
  readonly instructionSets: readonly string[]
}

/** What ONNX Runtime's and ggml's integer kernels choose by, on x86 and on ARM. */
const INSTRUCTION_SETS = [
  'avx2',
  'avx512f',
  'avx512_vnni',
  'avx_vnni',
  'avx512_bf16',
  'amx_int8',
  'asimddp',
  'i8mm',
  'sve',
]

/** Returns what the system says of its processor. */
export function readProcessor(): Processor {
  let text = ''
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    // Not Linux: the name alone.
  }
  return describeProcessor(text, cpus()[0]?.model ?? 'unknown', availableParallelism())
}

/**
 * Returns the processor that /proc/cpuinfo describes.
 * @param name used where the text has none, as on ARM
 */
export function describeProcessor(cpuinfo: string, name: string, cores: number): Processor {
  const field = (key: string) => new RegExp(`^${key}\\s*:\\s*(.+)$`, 'm').exec(cpuinfo)?.[1]?.trim()
  const numbers = ['cpu family', 'model'].flatMap((key) => (field(key) ? [`${key} ${field(key)}`] : []))
  const flags = new Set((field('flags') ?? field('Features') ?? '').split(' '))
  return {
    model: `${field('model name') ?? name}${numbers.length > 0 ? ` (${numbers.join(', ')})` : ''}`,
    cores,
    instructionSets: INSTRUCTION_SETS.filter((flag) => flags.has(flag)),
  }
}
