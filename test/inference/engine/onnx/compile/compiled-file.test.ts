import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import {
  calibrateModel,
  compiledFile,
  compiledParts,
} from '../../../../../inference/engine/onnx/compile/compiled-file.ts'
import { loadDecoderStage } from '../../../../../inference/engine/onnx/decoder-stage.ts'
import { resolveModel, SHIPPED_DIR } from '../../../../../inference/models/resolve.ts'
import { temporaryFolder } from '../../../../support/temporary-folder.ts'
import { TINY_LLAMA } from '../../../../support/tiny-decoder.ts'

function setUp() {
  const folder = temporaryFolder()
  cpSync(TINY_LLAMA, join(folder, 'model'), { recursive: true })
  const model = resolveModel(join(folder, 'model'), { shippedDir: SHIPPED_DIR, cacheDir: folder })
  const source = join(model.folder, 'onnx/model.onnx')
  let compilations = 0
  const options = (form: 'int8' | 'stored', signal = new AbortController().signal) => ({
    model,
    source,
    form,
    folder: join(folder, 'compiled'),
    threads: 1,
    signal,
    onCompile: () => {
      compilations++
    },
  })
  const compile = (form: 'int8' | 'stored' = 'stored', signal?: AbortSignal) =>
    compiledFile(options(form, signal))
  const cut = (tensors: readonly string[], only?: 'first', form: 'int8' | 'stored' = 'stored') =>
    compiledParts({ ...options(form), tensors }, only)
  return { folder, model, source, compile, cut, compilations: () => compilations }
}

test('compiles once, with or without int8, to what the loop can load', async () => {
  const { compile, compilations } = setUp()
  for (const form of ['stored', 'int8'] as const) {
    const path = await compile(form)
    expect(await compile(form)).toBe(path)
    const stage = await loadDecoderStage(path, 1)
    expect(stage.shape).toMatchObject({ tensors: 4, heads: 2, headSize: 16 })
    await stage.dispose()
  }
  expect(compilations()).toBe(2)
})

test('cuts a graph into two files that are made once, and of which the first may be all that is wanted', async () => {
  const { folder, cut, compile, compilations } = setUp()
  const [within, between] = ['/model/layers.0/Add_output_0', '/model/layers.0/Add_1_output_0'] as const
  const [only = ''] = await cut([within, between], 'first')
  expect(readdirSync(join(folder, 'compiled'))).toHaveLength(2)
  const parts = await cut([within, between])
  expect(parts).toEqual([only, only.replace('.first.', '.last.')])
  expect(await cut([within, between])).toEqual(parts)
  expect(await cut([within, between], 'first')).toEqual([only])
  expect(compilations()).toBe(2)
  const stages = await Promise.all(parts.map((path) => loadDecoderStage(path, 1)))
  expect(stages.map(({ stateNames }) => stateNames)).toEqual([
    expect.arrayContaining([within, 'carried.0']),
    [],
  ])
  for (const stage of stages) await stage.dispose()
  // Half of a pair is no pair.
  rmSync(parts[1] ?? '')
  expect(await cut([within, between])).toEqual(parts)
  // Another head reads other tensors; nothing of the one before stays.
  const other = await cut([between])
  expect(other).not.toEqual(parts)
  expect(existsSync(only)).toBe(false)
  expect(await compile()).not.toBe(other[0])
  expect(existsSync(other[0] ?? '')).toBe(false)
  expect((await cut([between], undefined, 'int8')).every(existsSync)).toBe(true)
})

test('says why a graph cannot be cut, and does not try again', async () => {
  const { cut, compilations } = setUp()
  await expect(cut(['nowhere'])).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('nowhere'),
  })
  await expect(cut(['nowhere'], 'first')).rejects.toMatchObject({ code: 'unsupported' })
  expect(compilations()).toBe(1)
})

test('makes a file anew that is damaged, cut short, or made of something else', async () => {
  const { source, compile, compilations } = setUp()
  const path = await compile()
  const whole = readFileSync(path)
  const damages = [
    () => writeFileSync(path, Buffer.from(whole).fill(1, 1000, 1010)),
    () => writeFileSync(path, whole.subarray(0, 1000)),
    () => writeFileSync(`${path}.json`, '{'),
  ]
  for (const damage of damages) {
    damage()
    expect(await compile()).toBe(path)
    expect(readFileSync(path).equals(whole)).toBe(true)
  }
  // An export of another day: the same model, other bytes.
  writeFileSync(source, Buffer.concat([readFileSync(source), Buffer.from([0x32, 1, 0x61])]))
  const other = await compile()
  expect(other).not.toBe(path)
  expect(existsSync(path)).toBe(false)
  expect(compilations()).toBe(damages.length + 2)
})

test('clears away what a killed container left half written, and nothing that another one is writing', async () => {
  const { folder, compile } = setUp()
  const path = await compile()
  writeFileSync(`${path}.json`, '')
  const [abandoned, young] = ['old', 'young'].map((name) => `${path}.${name}.partial`) as [string, string]
  for (const file of [abandoned, young]) writeFileSync(file, 'half')
  utimesSync(abandoned, 0, 0)
  expect(await compile()).toBe(path)
  expect(readdirSync(join(folder, 'compiled')).sort()).toEqual(
    [path, `${path}.json`, young].map((file) => basename(file)).sort(),
  )
})

test('a folder where the file cannot be written is named, and tried again another time', async () => {
  const { folder, compile, compilations } = setUp()
  writeFileSync(join(folder, 'compiled'), 'no folder')
  await expect(compile()).rejects.toMatchObject({ message: expect.stringContaining('MODEL_CACHE_DIR') })
  rmSync(join(folder, 'compiled'))
  await compile()
  expect(compilations()).toBe(2)
})

test('keeps measured activations beside the graph, and takes them from there', async () => {
  const { model, source, compile } = setUp()
  const signal = new AbortController().signal
  const file = await calibrateModel({ model, source, threads: 1, signal })
  expect(basename(file)).toBe('activation-maxima.json')
  expect(statSync(file).size).toBeLessThan(10_000)
  const measured = await compile('int8')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/: "[A-Za-z0-9+/]{4}/, ': "AAAA'))
  expect(await compile('int8')).not.toBe(measured)
})

test('says why a graph cannot be compiled, and leaves nothing half written', async () => {
  const { folder, source, compile } = setUp()
  copyFileSync(join(TINY_LLAMA, '../tiny-t5/onnx/encoder_model.onnx'), source)
  await expect(compile()).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(/attention/),
  })
  writeFileSync(source, 'this is no graph')
  await expect(compile('int8')).rejects.toMatchObject({ code: 'unsupported' })
  // What is left says why, so that it is not tried again.
  expect(readdirSync(join(folder, 'compiled')).filter((file) => !file.endsWith('.json'))).toEqual([])
})

test('takes no file away that another process has written just now', async () => {
  const { compile } = setUp()
  const path = await compile()
  // The other one has yet to write down what it is.
  rmSync(`${path}.json`)
  let missing = 0
  const watch = setInterval(() => {
    if (!existsSync(path)) missing++
  }, 1)
  const [first, second] = await Promise.all([compile(), compile()])
  clearInterval(watch)
  expect([first, second, missing]).toEqual([path, path, 0])
})

test('tries again what failed for a reason that may pass', async () => {
  const { model, compile } = setUp()
  const tokenizer = join(model.folder, 'tokenizer.json')
  renameSync(tokenizer, `${tokenizer}.away`)
  await expect(compile('int8')).rejects.toMatchObject({ message: 'its graph could not be compiled' })
  renameSync(`${tokenizer}.away`, tokenizer)
  expect(existsSync(await compile('int8'))).toBe(true)
})

test('stops when nobody waits any more', async () => {
  const { folder, compile } = setUp()
  const control = new AbortController()
  const waiting = compile('int8', control.signal)
  control.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  expect(readdirSync(join(folder, 'compiled'))).toEqual([])
})
