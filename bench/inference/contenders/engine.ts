/**
 * Contender: the container's engine in a process of its own, without the server around it.
 *
 *   engine.ts --dtype q4 --rows 8
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { readInferenceConfig } from '../../../inference/config.ts'
import { createEngine } from '../../../inference/engine/create-engine.ts'
import { machineMemory } from '../../../inference/models/memory.ts'
import { prepareModel } from '../../../inference/models/prepare.ts'
import { SHIPPED_DIR } from '../../../inference/models/resolve.ts'
import { RouterError } from '../../../shared/errors.ts'
import type { Answer, Contender } from '../contender.ts'
import { serveContender } from '../serve-contender.ts'

const { values } = parseArgs({ options: { dtype: { type: 'string' }, rows: { type: 'string' } } })
const maxRows = z.coerce.number().int().min(1).parse(values.rows)

await serveContender(async (): Promise<Contender> => {
  const { modelName, cacheDir, hubUrl, threads } = readInferenceConfig(
    { ...process.env, HOST: '127.0.0.1' },
    availableParallelism(),
  )
  const never = new AbortController().signal
  const { model, graph } = await prepareModel({
    name: modelName,
    dtype: values.dtype,
    judge: 'off',
    places: { shippedDir: SHIPPED_DIR, cacheDir },
    download: { fetch, hubUrl, token: undefined, signal: never },
    memory: machineMemory,
    threads,
    signal: never,
  })
  // A prompt is never asked twice, but what is kept of prompts is not to be measured.
  const engine = await createEngine(model, graph, { threads, maxRows, prefixCacheBytes: 0 }, Math.random)
  const { loop, weights, rows = 1, reason } = engine.serving() ?? {}
  return {
    rows,
    serving: `${loop}, ${weights}${reason === undefined ? '' : `: ${reason}`}`,
    async answer({ turns }, maxTokens, onToken, signal): Promise<Answer> {
      const answer = { text: '', tokens: 0 }
      try {
        const request = { turns, maxTokens, stopSequences: [], temperature: 0 }
        for await (const event of engine.generate(request, signal)) {
          if (event.type === 'end') return { ...answer, tokens: event.outputTokens }
          if (event.type !== 'text') continue
          answer.text += event.text
          answer.tokens += event.tokens
          onToken()
        }
      } catch (error) {
        if (!(error instanceof RouterError && error.code === 'cancelled')) throw error
      }
      return answer
    },
  }
})
