/**
 * Which files make up a model in transformers.js's layout, and which of them a folder has.
 * Does not download and does not load.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { RouterError } from '../../shared/errors.ts'
import type { ModelKind } from '../engine/engine.ts'

/** transformers.js's file suffix of each dtype, best first for a CPU: speed of reading a prompt, then memory. */
export const DTYPE_SUFFIXES: ReadonlyMap<string, string> = new Map([
  ['q8', '_quantized'],
  ['q4', '_q4'],
  ['int8', '_int8'],
  ['uint8', '_uint8'],
  ['q4f16', '_q4f16'],
  ['bnb4', '_bnb4'],
  ['q2', '_q2'],
  ['q1', '_q1'],
  ['fp16', '_fp16'],
  ['fp32', ''],
])

/** The dtype that linear layers are compiled to where no file of it is there. */
export const INT8 = 'int8'

/** Where newer exports keep the chat template that older ones have in tokenizer_config.json. */
export const CHAT_TEMPLATE_FILE = 'chat_template.jinja'

/** Small files that every model has, and those that it may have. */
export const REQUIRED_TEXT_FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json'] as const
export const OPTIONAL_TEXT_FILES = ['generation_config.json', CHAT_TEMPLATE_FILE] as const

const externalDataSchema = z.union([
  z.boolean(),
  z.number(),
  z.record(z.string(), z.union([z.boolean(), z.number()])),
])

export const modelConfigSchema = z.looseObject({
  model_type: z.string().optional(),
  is_encoder_decoder: z.boolean().nullish(),
  max_position_embeddings: z.number().nullish(),
  n_positions: z.number().nullish(),
  max_sequence_length: z.number().nullish(),
  sliding_window: z.number().nullish(),
  use_sliding_window: z.boolean().nullish(),
  sliding_window_pattern: z.number().nullish(),
  layer_types: z.array(z.string()).nullish(),
  'transformers.js_config': z
    .looseObject({
      dtype: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
      use_external_data_format: externalDataSchema.nullish(),
    })
    .optional(),
})
export type ModelConfig = z.infer<typeof modelConfigSchema>

/** Returns the base names of the ONNX files of a kind. */
export function onnxBaseNames(kind: ModelKind, modelFileName?: string): readonly string[] {
  return kind === 'text-generation' ? [modelFileName ?? 'model'] : ['encoder_model', 'decoder_model_merged']
}

/** Returns the paths of the ONNX files, external data included, relative to the model's folder. */
export function onnxFiles(
  kind: ModelKind,
  dtype: string,
  config: ModelConfig,
  modelFileName?: string,
): readonly string[] {
  const suffix = DTYPE_SUFFIXES.get(dtype) ?? `_${dtype}`
  return onnxBaseNames(kind, modelFileName).flatMap((base) => {
    const file = `${base}${suffix}.onnx`
    const chunks = externalDataChunks(config, base, file)
    return [
      `onnx/${file}`,
      ...Array.from({ length: chunks }, (_, index) => `onnx/${file}_data${index === 0 ? '' : `_${index}`}`),
    ]
  })
}

/** Returns the files of `wanted` that the folder lacks or that are empty. */
export function missingFiles(folder: string, wanted: readonly string[]): readonly string[] {
  return wanted.filter((file) => fileSize(join(folder, file)) === 0)
}

/** Returns the sum of the files' sizes in bytes. */
export function totalSize(folder: string, files: readonly string[]): number {
  return files.reduce((sum, file) => sum + fileSize(join(folder, file)), 0)
}

/** Returns the dtypes that the folder holds complete ONNX files of, best first. */
export function dtypesInFolder(folder: string, kind: ModelKind, modelFileName?: string): readonly string[] {
  const present = new Set(listFolder(join(folder, 'onnx')))
  const bases = onnxBaseNames(kind, modelFileName)
  return [...DTYPE_SUFFIXES].flatMap(([dtype, suffix]) =>
    bases.every((base) => present.has(`${base}${suffix}.onnx`)) ? [dtype] : [],
  )
}

/**
 * Reads a model's config.json.
 * @throws {RouterError} `configuration` if it is absent or not a model's configuration
 */
export function readModelConfig(folder: string): ModelConfig {
  const value = readJson(join(folder, 'config.json'))
  const parsed = modelConfigSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new RouterError('configuration', `${join(folder, 'config.json')} is not a model's configuration.`)
}

/**
 * Reads one of a model's JSON files.
 * @throws {RouterError} `configuration` if it is absent or not JSON
 */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new RouterError(
      'configuration',
      `${path} is missing or is not JSON. The folder must hold a model exported for transformers.js.`,
      { cause },
    )
  }
}

/** Returns the kind that a configuration states: encoder-decoder or decoder. */
export function kindOf(config: ModelConfig): ModelKind {
  return config.is_encoder_decoder ? 'text2text-generation' : 'text-generation'
}

/** Returns a file's size in bytes, 0 where there is no such file. */
export function fileSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function externalDataChunks(config: ModelConfig, base: string, file: string): number {
  const format = config['transformers.js_config']?.use_external_data_format ?? 0
  return Number(typeof format === 'object' ? (format[file] ?? format[base] ?? 0) : format)
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/**
 * Returns the absolute paths of the files that hold a model's graphs, each with its weights (of an encoder-decoder the
 * encoder's comes first); undefined where weights stand in files of their own.
 */
export function graphFiles({
  folder,
  files,
}: {
  readonly folder: string
  readonly files: readonly string[]
}): readonly string[] | undefined {
  const graphs = files.filter((file) => /\.onnx(_data.*)?$/.test(file))
  return graphs.every((file) => file.endsWith('.onnx')) ? graphs.map((file) => join(folder, file)) : undefined
}
