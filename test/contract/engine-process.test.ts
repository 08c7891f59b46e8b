import { describe } from 'vitest'
import { createEngineProcess } from '../../inference/engine/process.ts'
import { testEngine, tinyModel } from './engine.ts'

describe('a decoder in a child process', () =>
  testEngine(tinyModel('tiny-llama'), async (model) => {
    const engine = createEngineProcess(model, {
      threads: 1,
      watchdogTimeoutMs: 20_000,
      env: process.env,
      now: () => performance.now(),
    })
    await engine.ready
    return engine
  }))
