/**
 * For engines that are to be served by transformers.js's own loop.
 */
import type { PreparedGraph } from '../../inference/engine/prepared-graph.ts'

export const UNPREPARED: PreparedGraph = { form: 'none', reason: 'no graph was prepared' }
