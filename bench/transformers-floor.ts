/**
 * The floor of bench/inference.ts: the same model through transformers.js's own `generate`, with no server around it.
 * Reads PROMPTS, REQUESTS, MAX_TOKENS and the container's own settings from the environment; prints one JSON object.
 */
import { readFileSync } from 'node:fs'
import { AutoModelForCausalLM, AutoTokenizer, type DataType, env, TextStreamer } from '@xenova/transformers'
import * as z from 'zod'
import { readInferenceConfig } from '../inference/config.ts'
import { resolveModel, SHIPPED_DIR } from '../inference/models/resolve.ts'

const settings = z
  .object({ PROMPTS: z.string(), REQUESTS: z.coerce.number(), MAX_TOKENS: z.coerce.number() })
  .parse(process.env)
const prompts = z.array(z.string()).parse(JSON.parse(settings.PROMPTS))

const config = readInferenceConfig({ ...process.env, HOST: '127.0.0.1' }, 1)
const { folder, info } = resolveModel(
  config.modelName,
  { shippedDir: SHIPPED_DIR, cacheDir: config.cacheDir },
  config.dtype,
)
env.allowRemoteModels = false
const tokenizer = await AutoTokenizer.from_pretrained(folder)
const model = await AutoModelForCausalLM.from_pretrained(folder, {
  dtype: info.dtype as DataType,
  session_options: { intraOpNumThreads: config.threads },
})
const readyMs = process.uptime() * 1_000

await ask(prompts[0] ?? '')
const before = process.cpuUsage()
const rounds = []
for (let index = 0; index < settings.REQUESTS; index++)
  rounds.push(await ask(prompts[index % prompts.length] ?? ''))
const used = process.cpuUsage(before)
const report = {
  readyMs,
  memoryMiB: proportionalMiB(),
  cpuMs: (used.user + used.system) / 1_000,
  rounds,
}
process.stdout.write(JSON.stringify(report), () => process.exit(0))

async function ask(prompt: string): Promise<{ firstTokenMs: number; totalMs: number; tokens: number }> {
  const started = performance.now()
  const inputs = tokenizer.apply_chat_template([{ role: 'user', content: prompt }], {
    add_generation_prompt: true,
    return_dict: true,
  })
  let firstTokenMs = 0
  let tokens = 0
  const streamer = new TextStreamer(tokenizer, {
    skip_prompt: true,
    token_callback_function: () => {
      if (tokens++ === 0) firstTokenMs = performance.now() - started
    },
    callback_function: () => {},
  })
  await model.generate({ ...Object(inputs), max_new_tokens: settings.MAX_TOKENS, do_sample: false, streamer })
  return { firstTokenMs, totalMs: performance.now() - started, tokens }
}

function proportionalMiB(): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))?.[1] ?? 0) / 1_024
  } catch {
    return process.memoryUsage.rss() / 1_024 / 1_024
  }
}
