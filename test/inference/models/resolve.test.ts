import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { CATALOGUE } from '../../../inference/models/catalogue.ts'
import { checkMemory } from '../../../inference/models/memory.ts'
import { locateModel, resolveModel, SHIPPED_DIR } from '../../../inference/models/resolve.ts'
import { uniformTrust } from '../../../shared/model-card.ts'

const TINY = join(import.meta.dirname, '../../fixtures/models')
const scratch = mkdtempSync(join(tmpdir(), 'models-'))
const places = { shippedDir: SHIPPED_DIR, cacheDir: join(scratch, 'cache') }
afterEach(() => rmSync(scratch, { recursive: true, force: true }))

function copyOf(name: string): string {
  const folder = join(scratch, name)
  cpSync(join(TINY, name), folder, { recursive: true })
  return folder
}

test('finds the shipped model by default, by name and by alias', () => {
  for (const name of ['', 'Ulfberht-135M', 'ulfberht-135m', 'local'])
    expect(resolveModel(name, places).info).toMatchObject({
      name: 'Ulfberht-135M',
      dtype: 'q4',
      card: { trust: { ...uniformTrust('none'), simple_chat: 'set_phrases' }, languages: ['en'] },
      contextLength: 8192,
    })
})

test('knows the shipped model by the path of its folder, too, and no copy of it', () => {
  const folder = join(SHIPPED_DIR, 'Ulfberht-135M')
  for (const path of [folder, `${folder}/`])
    expect(locateModel(path, places)).toMatchObject({
      origin: 'shipped',
      folder,
      catalogue: { shipped: true },
    })
  const copied = locateModel(copyOf('tiny-llama'), places)
  expect([copied.origin, copied.catalogue]).toEqual(['folder', undefined])
  cpSync(join(TINY, 'tiny-llama'), join(scratch, 'Ulfberht-135M'), { recursive: true })
  expect(locateModel(join(scratch, 'Ulfberht-135M'), places).catalogue).toBeUndefined()
})

test('reads kind, dtype and context of a folder from its files', () => {
  expect(resolveModel(join(TINY, 'tiny-llama'), places).info).toMatchObject({
    name: 'tiny-llama',
    kind: 'text-generation',
    dtype: 'fp32',
    contextLength: 512,
    card: undefined,
  })
  expect(resolveModel(join(TINY, 'tiny-t5'), places).info).toMatchObject({
    kind: 'text2text-generation',
    promptStyle: 'plain',
    contextLength: 512,
  })
})

test.each([
  [{ sliding_window: 256 }, 256],
  [{ sliding_window: 4096 }, 512],
  [{ sliding_window: 256, layer_types: ['sliding_attention', 'sliding_attention'] }, 256],
  [{ sliding_window: null }, 512],
  [{ sliding_window: 256, use_sliding_window: false }, 512],
  [{ sliding_window: 256, sliding_window_pattern: 6 }, 512],
  [{ sliding_window: 256, layer_types: ['sliding_attention', 'full_attention'] }, 512],
])('takes no more than a window that slides in every layer: %j is %i tokens', (fields, tokens) => {
  const folder = copyOf('tiny-llama')
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...config, ...fields }))
  expect(resolveModel(folder, places).info.contextLength).toBe(tokens)
})

test('reads the repetition penalty that generation_config.json advises', () => {
  const folder = copyOf('tiny-llama')
  expect(resolveModel(folder, places).info.repetitionPenalty).toBe(1)
  writeFileSync(join(folder, 'generation_config.json'), '{"repetition_penalty": 1.05}')
  expect(resolveModel(folder, places).info.repetitionPenalty).toBe(1.05)
  writeFileSync(join(folder, 'generation_config.json'), '{"repetition_penalty": "high"}')
  expect(resolveModel(folder, places).info.repetitionPenalty).toBe(1)
  rmSync(join(folder, 'generation_config.json'))
  expect(resolveModel(folder, places).info.repetitionPenalty).toBe(1)
})

test('recognises the older file name of decoders', () => {
  const folder = copyOf('tiny-llama')
  cpSync(join(folder, 'onnx/model.onnx'), join(folder, 'onnx/decoder_model_merged_quantized.onnx'))
  rmSync(join(folder, 'onnx/model.onnx'))
  expect(resolveModel(folder, places)).toMatchObject({
    modelFileName: 'decoder_model_merged',
    info: { dtype: 'q8' },
  })
})

test('names the file by which a folder is incomplete', () => {
  const folder = copyOf('tiny-llama')
  rmSync(join(folder, 'tokenizer.json'))
  expect(() => resolveModel(folder, places)).toThrow(/incomplete: tokenizer\.json missing/)
  writeFileSync(join(folder, 'config.json'), 'no json')
  expect(() => resolveModel(folder, places)).toThrow(/config\.json is missing or is not JSON/)
  rmSync(folder, { recursive: true })
  expect(() => resolveModel(folder, places)).toThrow(/There is no folder/)
})

test('lists the dtypes that are there when another is asked for', () => {
  expect(() => resolveModel(join(TINY, 'tiny-llama'), places, 'q4')).toThrow(/no files in q4; it has fp32/)
  expect(() => resolveModel(join(TINY, 'tiny-llama'), places, 'q5')).toThrow(/Possible: q8, q4/)
})

test('a file that is not JSON is named, whichever it is', () => {
  const folder = copyOf('tiny-t5')
  writeFileSync(join(folder, 'tokenizer_config.json'), '{"half')
  expect(() => resolveModel(folder, places)).toThrow(/tokenizer_config\.json is missing or is not JSON/)
})

test('estimates memory by the files where they are not those that the catalogue knows', () => {
  const folder = join(places.cacheDir, 'HuggingFaceTB/SmolLM2-135M-Instruct')
  cpSync(join(TINY, 'tiny-llama'), folder, { recursive: true })
  const { info, memoryBytes } = resolveModel('smollm2-135m', places)
  expect(info.dtype).toBe('fp32')
  expect(memoryBytes).toBe(info.sizeBytes * 1.5 + 250e6)
  cpSync(join(folder, 'onnx/model.onnx'), join(folder, 'onnx/model_q4.onnx'))
  expect(resolveModel('smollm2-135m', places).memoryBytes).toBe(550e6)
})

test('says of Phi-2 that no export is known and what to take instead', () => {
  for (const name of ['phi-2', 'Xenova/Phi-2', 'microsoft/phi-2'])
    expect(() => locateModel(name, places)).toThrow(/Phi-3-mini-4k-instruct/)
})

test('takes any repository name, and no path tricks', () => {
  expect(locateModel('someone/some-model', places)).toMatchObject({
    name: 'someone/some-model',
    origin: 'cache',
  })
  for (const name of ['nonsense', 'a/b/c', 'owner/..', 'https://host/a', 'a/b..c/d'])
    expect(() => locateModel(name, places)).toThrow(/Unknown model/)
})

test('the catalogue holds the named models under unique names', () => {
  const names = CATALOGUE.flatMap(({ name, aliases }) => [name, ...aliases].map((one) => one.toLowerCase()))
  expect(new Set(names).size).toBe(names.length)
  expect(names).toEqual(
    expect.arrayContaining([
      'xenova/lamini-flan-t5-783m',
      'xenova/tinyllama-1.1b-chat-v1.0',
      'ulfberht-135m',
    ]),
  )
})

test('refuses a model that does not fit into memory, with both numbers', () => {
  const model = resolveModel('', places)
  expect(() => checkMemory(model, 256e6)).toThrow(/needs about 440 MB, 256 MB are available/)
  expect(() => checkMemory(model, 512 * 1024 * 1024)).not.toThrow()
})
