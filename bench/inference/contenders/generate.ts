/**
 * Contender, and the floor of the comparison: the same model through transformers.js's own `generate`, with nothing
 * around it. It answers one question after another.
 *
 *   generate.ts --dtype q4
 */
import { parseArgs } from 'node:util'
import {
  AutoModelForCausalLM,
  AutoTokenizer,
  type DataType,
  env,
  InterruptableStoppingCriteria,
  LogLevel,
  type PreTrainedModel,
  Tensor,
  TextStreamer,
} from '@xenova/transformers'
import { readInferenceConfig } from '../../../inference/config.ts'
import { resolveModel, SHIPPED_DIR } from '../../../inference/models/resolve.ts'
import type { Answer, Contender, Question } from '../contender.ts'
import { serveContender } from '../serve-contender.ts'

// It has one row, whatever it is asked for.
const { values } = parseArgs({ options: { dtype: { type: 'string' }, rows: { type: 'string' } } })

await serveContender(async (): Promise<Contender> => {
  const config = readInferenceConfig({ ...process.env, HOST: '127.0.0.1' }, 1)
  const places = { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir }
  const { folder, info } = resolveModel(config.modelName, places, values.dtype)
  env.allowRemoteModels = false
  env.logLevel = LogLevel.NONE
  const tokenizer = await AutoTokenizer.from_pretrained(folder)
  const model = await AutoModelForCausalLM.from_pretrained(folder, {
    dtype: info.dtype as DataType,
    session_options: { intraOpNumThreads: config.threads },
  })

  async function generate(
    { ids }: Question,
    maxTokens: number,
    onToken: () => void,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (signal.aborted) return { text: '', tokens: 0 }
    const interrupt = new InterruptableStoppingCriteria()
    signal.addEventListener('abort', () => interrupt.interrupt(), { once: true })
    const answer = { text: '', tokens: 0 }
    const streamer = new TextStreamer(tokenizer, {
      skip_prompt: true,
      skip_special_tokens: true,
      token_callback_function() {
        answer.tokens++
        onToken()
      },
      callback_function(text: string) {
        answer.text += text
      },
    })
    const row = (numbers: readonly number[]) =>
      new Tensor('int64', BigInt64Array.from(numbers, BigInt), [1, numbers.length])
    await model.generate({
      input_ids: row(ids),
      attention_mask: row(ids.map(() => 1)),
      max_new_tokens: maxTokens,
      do_sample: false,
      streamer,
      stopping_criteria: interrupt,
    } as unknown as Parameters<PreTrainedModel['generate']>[0])
    return answer
  }

  let last: Promise<unknown> = Promise.resolve()
  return {
    rows: 1,
    answer(...question) {
      const answer = last.then(() => generate(...question))
      last = answer
      return answer
    },
  }
})
