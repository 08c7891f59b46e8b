/**
 * Measures what serves the local model: our engine, with the shipped 4-bit weights and with 8-bit ones made of them, beside
 * transformers.js's own `generate` and beside llama.cpp on the same weights; then the whole container, over HTTP.
 * Compare CPU time and ratios: wall clock on a shared machine says little.
 *
 *   npm run bench:inference -- [--json] [--quick] [--rounds N]
 *   npm run bench:inference -- --soak [--requests N] [--seed N]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { readInferenceConfig } from '../inference/config.ts'
import { createPromptEncoder } from '../inference/engine/text/prompt.ts'
import { loadTokenizer } from '../inference/engine/transformers/tokenizer.ts'
import { resolveModel, SHIPPED_DIR } from '../inference/models/resolve.ts'
import { compare } from './inference/comparison.ts'
import { type ContainerReport, measureContainer, printContainers } from './inference/container.ts'
import { ContainerFailed } from './inference/container-process.ts'
import type { ContenderStart } from './inference/contender-process.ts'
import { type LinearType, modelGguf } from './inference/gguf/model-gguf.ts'
import { installPeers } from './inference/peers.ts'
import { readProcessor } from './inference/processor.ts'
import { printComparison, reportComparison } from './inference/report.ts'
import { printSoak, soak } from './inference/soak.ts'
import { endlessQuestion, everydayQuestions } from './inference/workload.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
    rounds: { type: 'string' },
    soak: { type: 'boolean' },
    requests: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
})
const count = z.coerce.number().int().min(1)
const say = (line: string) => console.error(line)
const REFERENCE = 'generate'
const OWN_DTYPES = ['int8', 'q4'] as const
/** Indexes of questions that no contender was asked. */
const CONTAINER_QUESTIONS = [40, 41, 42, 43]

const folder = mkdtempSync(join(tmpdir(), 'bench-inference-'))
try {
  if (values.soak) await runSoak()
  else await runComparison()
} catch (error) {
  if (!(error instanceof ContainerFailed)) throw error
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function runSoak(): Promise<void> {
  const report = await soak(count.parse(values.requests), count.parse(values.seed), say)
  console.log(values.json ? JSON.stringify(report) : printSoak(report))
  if (!report.verdicts.every(({ holds }) => holds)) process.exitCode = 1
}

async function runComparison(): Promise<void> {
  const rounds = count.parse(values.rounds ?? (values.quick ? 1 : 5))
  const config = readInferenceConfig({ ...process.env, HOST: '127.0.0.1' }, 1)
  const model = resolveModel(config.modelName, { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir })
  const encode = createPromptEncoder(await loadTokenizer(model.folder), model.info.promptStyle)
  const starts = [...ownContenders(), ...(await llamaContenders(model.folder))]
  const outcomes = await compare(starts, encode, rounds, say)
  const circumstances = { processor: readProcessor(), model: model.info.name, rounds }
  const comparison = reportComparison(outcomes, REFERENCE, circumstances)
  say('Measuring the container …')
  const container: ContainerReport[] = []
  const long = CONTAINER_QUESTIONS.map((index) => endlessQuestion(encode, 96, index))
  for (const dtype of OWN_DTYPES)
    container.push(await measureContainer(dtype, join(folder, 'models'), everydayQuestions(encode), long))
  if (values.json) console.log(JSON.stringify({ ...comparison, container }))
  else console.log(`${printComparison(comparison)}\n\n${printContainers(container)}`)
}

function ownContenders(): readonly ContenderStart[] {
  // A folder of its own: the first start compiles, the second finds what was compiled.
  const env = { MODEL_CACHE_DIR: join(folder, 'models') }
  const engine = (name: string, dtype: string, what: string) => ({
    name,
    what,
    script: 'engine.ts',
    args: ['--dtype', dtype],
    env,
  })
  return [
    engine('ours, int8', 'int8', "the container's engine, compiled to 8-bit integers"),
    engine('ours, 4 bits', 'q4', "the container's engine on the file as it is shipped"),
    {
      name: REFERENCE,
      what: "transformers.js's own loop on the file as it is shipped, one answer after another",
      script: 'generate.ts',
      args: ['--dtype', 'q4'],
    },
  ]
}

/** llama.cpp with the shipped codes, and rounded anew to the form that its kernels multiply fastest. */
async function llamaContenders(modelFolder: string): Promise<readonly ContenderStart[]> {
  const absent = await installPeers(say)
  return (['Q4_1', 'Q8_0'] as const).map((type) => {
    const file = join(folder, `${type}.gguf`)
    return {
      name: `llama.cpp, ${type}`,
      what: `node-llama-cpp, ${type === 'Q4_1' ? 'the shipped 4-bit codes' : 'the shipped weights rounded to 8 bits'}, flash attention`,
      script: 'llama-cpp.ts',
      args: ['--gguf', file],
      unavailable: absent ?? writeGguf(modelFolder, type, file),
    }
  })
}

/** Returns why the model cannot be written in that format, or undefined. */
function writeGguf(modelFolder: string, type: LinearType, file: string): string | undefined {
  say(`Writing the model as ${type} GGUF …`)
  try {
    writeFileSync(file, Buffer.concat(modelGguf(modelFolder, type)))
    return undefined
  } catch (error) {
    return `the model could not be written as GGUF: ${error instanceof Error ? error.message : error}`
  }
}
