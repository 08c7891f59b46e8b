/**
 * Contender: the same weights in llama.cpp, by node-llama-cpp of bench/peers.
 *
 *   llama-cpp.ts --gguf FILE --rows 8
 */
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { readInferenceConfig } from '../../../inference/config.ts'
import type { Contender } from '../contender.ts'
import { LLAMA_CPP_MODULE } from '../peers.ts'
import { serveContender } from '../serve-contender.ts'

/** What is used of node-llama-cpp, whose own types are installed only with it. */
type GetLlama = (options: {
  gpu: false
  build: 'never'
  skipDownload: true
  logLevel: 'error'
  maxThreads: number
}) => Promise<{ loadModel: (options: { modelPath: string }) => Promise<LlamaModel> }>
type LlamaModel = {
  readonly createContext: (options: {
    sequences: number
    contextSize: number
    threads: number
    flashAttention: boolean
  }) => Promise<{ getSequence: () => LlamaSequence }>
  readonly detokenize: (tokens: readonly number[]) => string
}
type LlamaSequence = {
  readonly clearHistory: () => Promise<void>
  readonly evaluate: (tokens: readonly number[], options: { temperature: number }) => AsyncIterable<number>
}

/** Room for the longest question of the benchmark and its answer. */
const CONTEXT_TOKENS = 768

const { values } = parseArgs({ options: { gguf: { type: 'string' }, rows: { type: 'string' } } })
const options = z.object({ gguf: z.string(), rows: z.coerce.number().int().min(1) }).parse(values)

await serveContender(async (): Promise<Contender> => {
  const { threads } = readInferenceConfig({ ...process.env, HOST: '127.0.0.1' }, 1)
  const imported: unknown = await import(pathToFileURL(LLAMA_CPP_MODULE).href)
  const getLlama = z.custom<GetLlama>((value) => typeof value === 'function')
  const module = z.looseObject({ getLlama }).parse(imported)
  const llama = await module.getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    logLevel: 'error',
    maxThreads: threads,
  })
  const model = await llama.loadModel({ modelPath: options.gguf })
  const context = await model.createContext({
    sequences: options.rows,
    contextSize: CONTEXT_TOKENS,
    threads,
    // Measured faster than without: by a fifth at eight streams.
    flashAttention: true,
  })
  const free = Array.from({ length: options.rows }, () => context.getSequence())
  return {
    rows: options.rows,
    async answer({ ids }, maxTokens, onToken, signal) {
      const sequence = free.pop()
      if (sequence === undefined) throw new Error('More questions at once than there are sequences.')
      try {
        const tokens: number[] = []
        for await (const token of sequence.evaluate(ids, { temperature: 0 })) {
          tokens.push(token)
          onToken()
          if (tokens.length >= maxTokens || signal.aborted) break
        }
        return { text: model.detokenize(tokens), tokens: tokens.length }
      } finally {
        // Afterwards: whoever comes next need not wait for the others' step to end.
        await sequence.clearHistory()
        free.push(sequence)
      }
    },
  }
})
