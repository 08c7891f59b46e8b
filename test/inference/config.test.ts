import { expect, test } from 'vitest'
import { readInferenceConfig } from '../../inference/config.ts'

const local = { HOST: '127.0.0.1' }

test('has a default for everything on loopback', () => {
  expect(readInferenceConfig(local, 4)).toMatchObject({
    modelName: 'Ulfberht-135M',
    port: 8080,
    threads: 3,
    maxConcurrency: 8,
    maxInputTokens: 1024,
    maxOutputTokens: 512,
    logFormat: 'json',
    secret: undefined,
  })
  expect(readInferenceConfig(local, 1).threads).toBe(1)
})

test('treats empty settings as absent, as .env files have them', () => {
  const config = readInferenceConfig({ ...local, PORT: '', LOCAL_MODEL_NAME: ' ', LOG_FORMAT: '' }, 2)
  expect(config).toMatchObject({ port: 8080, modelName: 'Ulfberht-135M', logFormat: 'json' })
})

test('judges by what suits the model, by another one, or not at all', () => {
  const judged = (JUDGE_MODEL?: string) =>
    readInferenceConfig({ ...local, ...(JUDGE_MODEL === undefined ? {} : { JUDGE_MODEL }) }, 2).judgeModel
  expect([judged(), judged(' '), judged('off'), judged('./a/model')]).toEqual([
    'auto',
    'auto',
    'off',
    './a/model',
  ])
})

test('asks for a secret when other machines can reach it', () => {
  expect(() => readInferenceConfig({}, 2)).toThrow(/LOCAL_LLM_SECRET is not set, but HOST=0\.0\.0\.0/)
  expect(readInferenceConfig({ LOCAL_LLM_SECRET: 'x'.repeat(32) }, 2).host).toBe('0.0.0.0')
})

test('names every problem at once and never shows the secret', () => {
  const wrong = {
    PORT: '99999',
    MAX_QUEUE: '1.5',
    LOG_FORMAT: 'xml',
    LOCAL_MODEL_DTYPE: 'q5',
    LOCAL_LLM_SECRET: 'shhh',
  }
  const text = (() => {
    try {
      readInferenceConfig(wrong, 2)
    } catch (error) {
      return String(error)
    }
    return ''
  })()
  for (const part of ['PORT', 'MAX_QUEUE', 'LOG_FORMAT', 'LOCAL_MODEL_DTYPE', 'LOCAL_LLM_SECRET must have'])
    expect(text).toContain(part)
  expect(text).not.toContain('shhh')
})

test('is modest by default where memory is small, and obeys settings there too', () => {
  const small = 512 * 1024 * 1024
  expect(readInferenceConfig(local, 2, small)).toMatchObject({ maxConcurrency: 4, maxInputTokens: 384 })
  expect(readInferenceConfig({ ...local, MAX_INPUT_TOKENS: '700' }, 2, small).maxInputTokens).toBe(700)
})

test.each(['HF_TOKEN', 'LOCAL_LLM_SECRET'])(
  'refuses %s with characters that no header can carry, and never quotes it',
  (name) => {
    for (const odd of ['\u200b', '\n', 'é']) {
      const env = { HOST: '127.0.0.1', [name]: `0123456789${odd}abcdefgh` }
      expect(() => readInferenceConfig(env, 2)).toThrow(
        `${name} holds a line break or a character outside ASCII`,
      )
      expect(() => readInferenceConfig(env, 2)).not.toThrow('0123456789')
    }
  },
)
