/**
 * The router as a library: the edge's routing, strategies, fallback, cache and prices in a Node program, without edge
 * and without container. docs/library.md shows its use.
 */
export type { Explanation } from '../edge/explanation/explanation.ts'
export type { Strategy } from '../edge/strategy.ts'
export { type ErrorCode, RouterError } from '../shared/errors.ts'
export type { Log } from '../shared/log.ts'
export { type ChatLogOptions, toLLMMessages } from './chat-log.ts'
export type { LocalModelInfo } from './model-info.ts'
export type { DirectOptions, GenerateOptions, LLMMessage } from './options.ts'
export { getClaudeProvider, getLocalProvider, getRouter } from './process-router.ts'
export type { Reply, ReplyUsage, StreamChunk } from './reply.ts'
export {
  createRouter,
  type DirectProvider,
  type LocalDirectProvider,
  type Router,
  type RouterOptions,
} from './router.ts'
export type { RouterStatus } from './status.ts'
