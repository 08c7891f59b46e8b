/**
 * Which engine serves a model: the batched loop over its prepared graph, or transformers.js's own where there is none or
 * it cannot be driven. The only place that knows both.
 */
import { RouterError } from '../../shared/errors.ts'
import type { ResolvedModel } from '../models/resolve.ts'
import type { Engine } from './engine.ts'
import { createJudge, withJudge } from './judge/judge.ts'
import { type JudgeHead, readJudgeHead } from './judge/judge-head.ts'
import { loadJudgeTrunk } from './judge/judge-trunk.ts'
import type { PreparedJudge } from './judge/prepared-judge.ts'
import { canJudge } from './judge/prompt-judge.ts'
import { createOnnxEngine } from './onnx/engine.ts'
import type { Exactness } from './onnx/exactness.ts'
import type { PreparedGraph } from './prepared-graph.ts'
import { createTransformersEngine } from './transformers/engine.ts'

export type EngineSettings = {
  /** Threads of one model step. */
  readonly threads: number
  /** Requests that may share steps. */
  readonly maxRows: number
  /** Bytes of keys and values that are kept of prompts; 0 keeps none. */
  readonly prefixCacheBytes: number
  /** A system prompt whose keys and values all scopes share. */
  readonly sharedSystemPrompt?: string | undefined
  /** As it was found when the same files were loaded before; absent: it is tried out. */
  readonly exactness?: Exactness | undefined
  /** What judges requests, if anything does. */
  readonly judge?: PreparedJudge | undefined
}

/** What is kept of prompts for a judge's layers alone: beginnings that many requests share, of some MB. */
const TRUNK_CACHE_BYTES = 8_000_000

/**
 * Loads the model, and the judge where it can be loaded.
 * @param random a number in [0, 1); used where a request has no seed
 * @throws {RouterError} `configuration` if no engine can load it
 */
export async function createEngine(
  model: ResolvedModel,
  graph: PreparedGraph,
  settings: EngineSettings,
  random: () => number,
): Promise<Engine> {
  const { judge } = settings
  const read = judge && (await readJudgeHead(judge.headFile))
  const head = read && 'weights' in read ? read : undefined
  const engine = await createModelEngine(model, graph, settings, random, judge?.trunk ? undefined : head)
  return judge && head ? await judgedByTrunk(engine, judge, head, settings.threads) : engine
}

async function judgedByTrunk(
  engine: Engine,
  { model, trunk }: PreparedJudge,
  head: JudgeHead,
  threads: number,
): Promise<Engine> {
  if (!trunk) return engine
  // An engine without a judge serves still.
  const loaded = await loadJudgeTrunk({
    ...trunk,
    features: head,
    threads,
    prefixCacheBytes: TRUNK_CACHE_BYTES,
  }).catch(() => undefined)
  if (!loaded) return engine
  const judge = createJudge(head, loaded.readFeatures)
  if (await canJudge(judge)) return withJudge(engine, judge, { model, head: head.sha256 }, loaded.dispose)
  await loaded.dispose()
  return engine
}

async function createModelEngine(
  model: ResolvedModel,
  graph: PreparedGraph,
  settings: EngineSettings,
  random: () => number,
  judge: JudgeHead | undefined,
): Promise<Engine> {
  const { threads } = settings
  if (graph.form === 'none') return createTransformersEngine(model, { threads, random, reason: graph.reason })
  try {
    return await createOnnxEngine(model, graph, { ...settings, random, judge })
  } catch (error) {
    const cause = error instanceof RouterError ? error.message : 'its prepared graph could not be loaded'
    return createTransformersEngine(model, { threads, random, reason: cause })
  }
}
