/**
 * What the server's process and the model's process say to each other. Both are this program and started together, so
 * that neither checks the other's messages: the types are the definition.
 */
import { type ErrorCode, RouterError } from '../../shared/errors.ts'
import type { ResolvedModel } from '../models/resolve.ts'
import type { EngineSettings } from './create-engine.ts'
import type { EngineEvent, EngineStats, GenerateRequest, Judgement, Prompt, Serving } from './engine.ts'
import type { PreparedGraph } from './prepared-graph.ts'
import type { Speed } from './self-test.ts'

/** From the server to the model. */
export type Command =
  | {
      readonly type: 'load'
      readonly model: ResolvedModel
      readonly graph: PreparedGraph
      readonly settings: EngineSettings
      /** What the first load of these files found out, so that a later one needn't. */
      readonly found: LoadFindings | undefined
    }
  | { readonly type: 'generate'; readonly id: number; readonly request: GenerateRequest }
  | { readonly type: 'count'; readonly id: number; readonly prompt: Prompt }
  | {
      readonly type: 'judge'
      readonly id: number
      readonly prompt: Prompt
      readonly cacheScope: string | undefined
    }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'ping' }

/** From the model to the server. */
export type Report =
  | ({ readonly type: 'ready' } & LoadFindings)
  | { readonly type: 'load_failed'; readonly failure: Failure }
  | { readonly type: 'event'; readonly id: number; readonly event: EngineEvent }
  | { readonly type: 'counted'; readonly id: number; readonly tokens: number }
  | { readonly type: 'judged'; readonly id: number; readonly judgement: Judgement }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure }
  | { readonly type: 'stats'; readonly stats: EngineStats }
  | { readonly type: 'pong' }

export type LoadFindings = { readonly speed: Speed; readonly serving: Serving }

export type Failure = { readonly code: ErrorCode; readonly message: string }

/** Codes whose messages are written for clients. */
const PASSED_ON: ReadonlySet<ErrorCode> = new Set([
  'invalid_request',
  'unsupported',
  'cancelled',
  'configuration',
  'unavailable',
  'declined',
  'low_confidence',
])

/** Returns what may cross the border of an error: never an unknown error's own text. */
export function toFailure(error: unknown): Failure {
  const { code, message } = RouterError.from(error)
  if (PASSED_ON.has(code)) return { code, message }
  return { code: 'internal', message: 'The local model failed while answering.' }
}
