import { describe } from 'vitest'
import { createEngineProcess } from '../../inference/engine/process.ts'
import { UNPREPARED } from '../support/unprepared-graph.ts'
import { testEngine, tinyModel } from './engine.ts'

describe('a decoder in a child process', () =>
  testEngine(tinyModel('tiny-llama'), async (model) => {
    const engine = createEngineProcess(model, {
      graph: UNPREPARED,
      settings: { threads: 1, maxRows: 4, prefixCacheBytes: 0 },
      watchdogTimeoutMs: 20_000,
      env: process.env,
      now: () => performance.now(),
    })
    await engine.ready
    return engine
  }))
