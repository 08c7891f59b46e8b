/**
 * The states that a model has of requests, for training: read once, then kept on disk. Knows no labels.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JudgeFeatures } from '../inference/engine/judge/judge-head.ts'
import { toPrompt } from '../inference/http/generate-request.ts'
import { openJudgeTrunk } from '../inference/models/open-judge-trunk.ts'
import type { ResolvedModel } from '../inference/models/resolve.ts'
import { RouterError } from '../shared/errors.ts'
import type { MessagesRequest } from '../shared/messages.ts'

export type StateReader = {
  /** Returns [tensors, pools, size of a state], or undefined for a request that the model cannot read. */
  readonly read: (request: MessagesRequest) => Promise<Float32Array | undefined>
  readonly dispose: () => Promise<void>
}

export type StateReaderOptions = {
  readonly model: ResolvedModel
  readonly features: JudgeFeatures
  /** Of the model's graph. */
  readonly graphSha256: string
  /** MODEL_CACHE_DIR. */
  readonly cacheDir: string
}

/** Returns the reader; the model is loaded when the first request is read that is not on disk. */
export async function createStateReader(options: StateReaderOptions): Promise<StateReader> {
  const { model, features, graphSha256, cacheDir } = options
  const folder = join(cacheDir, 'states', digest(JSON.stringify([graphSha256, features])))
  mkdirSync(folder, { recursive: true })
  const never = new AbortController().signal
  let trunk: ReturnType<typeof openJudgeTrunk> | undefined
  const compute = async (prompt: ReturnType<typeof toPrompt>) => {
    trunk ??= openJudgeTrunk(model, features, { cacheDir, threads: 1, signal: never })
    return (await (await trunk).readFeatures({ prompt, cacheScope: undefined }, never)).features
  }
  return {
    async read(request) {
      const prompt = judgedPromptOf(request)
      if (prompt === undefined) return undefined
      const file = join(folder, `${digest(JSON.stringify(prompt))}.f32`)
      const known = readStates(file)
      if (known) return known
      const states = await compute(prompt)
      // In one step: the beginning of a file would be read as states of fewer numbers.
      writeFileSync(`${file}.part`, new Uint8Array(states.buffer, states.byteOffset, states.byteLength))
      renameSync(`${file}.part`, file)
      return states
    },
    dispose: async () => (await trunk)?.dispose(),
  }
}

/** Returns what a model reads to judge a request, undefined where it cannot. Length does not matter: of a long prompt beginning and end are read. */
export function judgedPromptOf(request: MessagesRequest): ReturnType<typeof toPrompt> | undefined {
  try {
    return toPrompt(request, Number.MAX_SAFE_INTEGER)
  } catch (error) {
    if (error instanceof RouterError) return undefined
    throw error
  }
}

function readStates(file: string): Float32Array | undefined {
  try {
    const bytes = readFileSync(file)
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  } catch {
    return undefined
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
