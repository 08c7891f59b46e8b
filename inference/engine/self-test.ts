/**
 * The first use of a loaded model: it must answer, twice the same when greedy. Warms caches and measures speed.
 */
import { RouterError } from '../../shared/errors.ts'
import type { Engine } from './engine.ts'

export type Speed = {
  /** From a short prompt to the first token, in ms. */
  readonly firstTokenMs: number
  /** Tokens of a prompt read in a second, with nobody else served. */
  readonly prefillTokensPerSecond: number
  /** Tokens of one answer in a second, with nobody else served. */
  readonly tokensPerSecond: number
}

/** Enough steps for a speed, few enough for a start on a slow machine. */
const TEST_TOKENS = 8

/**
 * Returns the speed measured in the second, warm run.
 * @param now milliseconds of a clock that never goes back
 * @param known the speed where the model passed the test before: then one token shows that it still answers
 * @throws {RouterError} `configuration` if the model gives nothing, or different answers to the same question
 */
export async function selfTest(engine: Engine, now: () => number, known?: Speed): Promise<Speed> {
  const cold = await generateOnce(engine, now, known ? 1 : TEST_TOKENS)
  if (known) return known
  const warm = await generateOnce(engine, now, TEST_TOKENS)
  if (warm.text === '')
    throw new RouterError(
      'configuration',
      `${engine.info.name} ended at once in the self-test, without a word; its files may be damaged.`,
    )
  if (cold.text !== warm.text)
    throw new RouterError(
      'configuration',
      `${engine.info.name} gave two answers to one question without sampling; its files may be damaged.`,
    )
  return warm.speed
}

async function generateOnce(engine: Engine, now: () => number, maxTokens: number) {
  const start = now()
  let firstAt: number | undefined
  let text = ''
  let inputTokens = 0
  let outputTokens = 0
  const request = {
    turns: [{ role: 'user' as const, text: 'Hello!' }],
    maxTokens,
    temperature: 0,
    stopSequences: [],
  }
  for await (const event of engine.generate(request, new AbortController().signal)) {
    if (event.type === 'start') inputTokens = event.inputTokens
    else if (event.type === 'text') {
      firstAt ??= now()
      text += event.text
    } else if (event.type === 'end') {
      outputTokens = event.outputTokens
    }
  }
  const end = now()
  const decodeMs = Math.max(1, end - (firstAt ?? start))
  return {
    text,
    outputTokens,
    speed: {
      firstTokenMs: (firstAt ?? end) - start,
      prefillTokensPerSecond: (inputTokens / Math.max(1, (firstAt ?? end) - start)) * 1000,
      tokensPerSecond: (Math.max(1, outputTokens - 1) / decodeMs) * 1000,
    },
  }
}
