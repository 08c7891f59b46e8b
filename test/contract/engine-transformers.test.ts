import { describe } from 'vitest'
import { createTransformersEngine } from '../../inference/engine/transformers/engine.ts'
import { testEngine, tinyModel } from './engine.ts'

const create = (model: Parameters<typeof createTransformersEngine>[0]) =>
  createTransformersEngine(model, { threads: 1, random: Math.random })

describe('a decoder in process', () => testEngine(tinyModel('tiny-llama'), create))
describe('an encoder-decoder in process', () => testEngine(tinyModel('tiny-t5'), create))
