/**
 * From a name to a model that can be loaded: a folder, the shipped model, or what was downloaded before.
 * Reads files, downloads nothing.
 */
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import * as z from 'zod'
import { RouterError } from '../../shared/errors.ts'
import type { ModelInfo } from '../engine/engine.ts'
import {
  type CatalogueModel,
  estimateInt8Memory,
  estimateMemory,
  findModel,
  SHIPPED_MODEL,
  whyAbsent,
} from './catalogue.ts'
import {
  DTYPE_SUFFIXES,
  dtypesInFolder,
  fileSize,
  INT8,
  kindOf,
  type ModelConfig,
  missingFiles,
  OPTIONAL_TEXT_FILES,
  onnxFiles,
  REQUIRED_TEXT_FILES,
  readJson,
  readModelConfig,
  totalSize,
} from './files.ts'
import { isFolder } from './make-folder.ts'
import { readCardFile } from './model-card-file.ts'

export type ResolvedModel = {
  readonly info: ModelInfo
  /** Absolute path. */
  readonly folder: string
  /** Files that are loaded, relative to the folder. */
  readonly files: readonly string[]
  readonly modelFileName: string | undefined
  /** Estimate of the memory needed, in bytes. */
  readonly memoryBytes: number
  /** The same with linear layers compiled to int8; undefined where nothing is gained by that. */
  readonly int8MemoryBytes: number | undefined
}

export type ModelPlaces = {
  /** Folder of the models that come with the repository. */
  readonly shippedDir: string
  /** Folder of downloads. */
  readonly cacheDir: string
}

/** Where a name leads: to files on disk, or to a repository that would have to be downloaded into `folder`. */
export type ModelLocation = {
  readonly name: string
  /** On the model hub; the name itself for folders and the shipped model. */
  readonly repository: string
  /** A commit, branch or tag of the repository. */
  readonly revision: string
  /** Where the catalogue knows which commit and files these must be. */
  readonly pin: CatalogueModel['pin']
  readonly catalogue: CatalogueModel | undefined
  readonly folder: string
  readonly origin: 'folder' | 'shipped' | 'cache'
}

/** Folder of the shipped models, beside the sources. */
export const SHIPPED_DIR = resolve(import.meta.dirname, '../../models')

const REPOSITORY = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([\w][\w.-]*))?$/
const NEWEST = 'main'

/**
 * Returns where the model of that name is or would be.
 * @param name catalogue name or alias, `owner/repository`, `owner/repository@revision`, or a folder
 * @throws {RouterError} `configuration` for a name that is none of these, and for models known not to exist
 */
export function locateModel(name: string, { shippedDir, cacheDir }: ModelPlaces): ModelLocation {
  const given = name.trim() || SHIPPED_MODEL
  const catalogue = findModel(given) ?? shippedAt(resolve(given), shippedDir)
  if (catalogue?.shipped)
    return {
      name: catalogue.name,
      repository: catalogue.name,
      revision: NEWEST,
      pin: undefined,
      catalogue,
      folder: resolve(shippedDir, catalogue.name),
      origin: 'shipped',
    }
  const looksLikePath = isAbsolute(given) || /^\.{1,2}([/\\]|$)/.test(given)
  if (looksLikePath || isFolder(given)) {
    if (!isFolder(given))
      throw new RouterError('configuration', `There is no folder ${resolve(given)} (LOCAL_MODEL_NAME).`)
    const name = basename(resolve(given))
    return {
      name,
      repository: name,
      revision: NEWEST,
      pin: undefined,
      catalogue: undefined,
      folder: resolve(given),
      origin: 'folder',
    }
  }
  const absent = whyAbsent(given)
  if (absent !== undefined) throw new RouterError('configuration', absent)
  const full = catalogue?.name ?? given
  const [, repository, revision] = REPOSITORY.exec(full) ?? []
  if (repository === undefined || full.includes('..'))
    throw new RouterError(
      'configuration',
      `Unknown model "${given}". Take a name that \`npm run models -- list\` shows, a repository such as HuggingFaceTB/SmolLM2-360M-Instruct, or a folder.`,
    )
  const pin = revision === undefined ? catalogue?.pin : undefined
  return {
    name: full,
    repository,
    revision: revision ?? pin?.revision ?? NEWEST,
    pin,
    catalogue: catalogue ?? findModel(repository),
    folder: resolve(cacheDir, full),
    origin: 'cache',
  }
}

/** What is known of a shipped model holds however its folder is named. */
function shippedAt(folder: string, shippedDir: string): CatalogueModel | undefined {
  const model = dirname(folder) === resolve(shippedDir) ? findModel(basename(folder)) : undefined
  return model?.shipped ? model : undefined
}

/** Returns the absent files by which a folder is incomplete, or an empty list if the model can be loaded. */
export function missingModelFiles(location: ModelLocation, dtype?: string): readonly string[] {
  const text = missingFiles(location.folder, REQUIRED_TEXT_FILES)
  if (text.includes('config.json')) return text
  const choice = chooseFiles(location, readModelConfig(location.folder), dtype)
  return [...text, ...missingFiles(location.folder, choice.files)]
}

/**
 * Reads what is on disk.
 * @param dtype the wanted dtype; absent: the catalogue's, the model's own, or the best that is there
 * @throws {RouterError} `configuration` naming the missing folder, file or dtype
 */
export function resolveModel(name: string, places: ModelPlaces, dtype?: string): ResolvedModel {
  const location = locateModel(name, places)
  const { folder, catalogue } = location
  if (!isFolder(folder))
    throw new RouterError(
      'configuration',
      `The model ${location.name} is not on disk (${folder}). ${location.origin === 'shipped' ? 'It comes with the repository: restore the folder models/.' : `Run \`npm run models -- pull ${location.name}\`.`}`,
    )
  const missing = missingModelFiles(location, dtype)
  if (missing.length > 0) throw new RouterError('configuration', describeMissing(location, missing, dtype))
  const config = readModelConfig(folder)
  const choice = chooseFiles(location, config, dtype)
  const files = [...REQUIRED_TEXT_FILES, ...OPTIONAL_TEXT_FILES, ...choice.files]
  const sizeBytes = totalSize(folder, files)
  const kind = kindOf(config)
  return {
    folder,
    files,
    modelFileName: choice.modelFileName,
    memoryBytes: memoryFor(catalogue, choice.dtype, sizeBytes),
    int8MemoryBytes:
      catalogue?.dtype === choice.dtype && catalogue.int8MemoryBytes !== undefined
        ? catalogue.int8MemoryBytes
        : estimateInt8Memory(sizeBytes, choice.dtype),
    info: {
      name: location.name,
      displayName: catalogue?.displayName ?? location.name,
      kind,
      dtype: choice.dtype,
      promptStyle: catalogue?.promptStyle ?? (kind === 'text-generation' ? 'chat' : 'plain'),
      contextLength: contextLengthOf(config, folder),
      card: readCardFile(folder) ?? catalogue?.card,
      capabilities: catalogue?.capabilities ?? ['streaming'],
      sizeBytes,
      license: catalogue?.license ?? 'unknown: see the model’s own page',
      defaultTemperature: catalogue?.defaultTemperature ?? 0,
      repetitionPenalty: repetitionPenaltyOf(folder),
    },
  }
}

/** What the catalogue knows of its own dtype; other weights need other memory. */
function memoryFor(catalogue: CatalogueModel | undefined, dtype: string, sizeBytes: number): number {
  return catalogue?.dtype === dtype ? catalogue.memoryBytes : estimateMemory(sizeBytes)
}

type FileChoice = {
  readonly dtype: string
  readonly files: readonly string[]
  readonly modelFileName: string | undefined
}

/** Picks dtype and ONNX file names; older exports of decoders are called `decoder_model_merged`. */
function chooseFiles(
  { folder, catalogue }: ModelLocation,
  config: ModelConfig,
  asked: string | undefined,
): FileChoice {
  const kind = kindOf(config)
  // Where there is no file of int8, the model's own is compiled to it.
  const wanted =
    asked === INT8 && !dtypesInFolder(folder, kind, catalogue?.modelFileName).includes(INT8)
      ? undefined
      : asked
  const own = config['transformers.js_config']?.dtype
  const preferred = wanted ?? catalogue?.dtype ?? (typeof own === 'string' ? own : undefined)
  if (preferred !== undefined && !DTYPE_SUFFIXES.has(preferred))
    throw new RouterError(
      'configuration',
      `Unknown LOCAL_MODEL_DTYPE "${preferred}". Possible: ${[...DTYPE_SUFFIXES.keys()].join(', ')}.`,
    )
  const names = kind === 'text-generation' ? [catalogue?.modelFileName, 'decoder_model_merged'] : [undefined]
  for (const modelFileName of names) {
    const available = dtypesInFolder(folder, kind, modelFileName)
    const dtype =
      preferred === undefined || (wanted === undefined && !available.includes(preferred))
        ? available[0]
        : preferred
    if (dtype !== undefined && available.includes(dtype))
      return { dtype, modelFileName, files: onnxFiles(kind, dtype, config, modelFileName) }
  }
  const dtype = preferred ?? 'q8'
  return { dtype, modelFileName: names[0], files: onnxFiles(kind, dtype, config, names[0]) }
}

function describeMissing(location: ModelLocation, missing: readonly string[], dtype?: string): string {
  const { folder, name, origin } = location
  if (dtype !== undefined && missing.every((file) => file.endsWith('.onnx'))) {
    const available = dtypesInFolder(folder, kindOf(readModelConfig(folder)))
    if (available.length > 0 && !available.includes(dtype))
      return `${folder} has no files in ${dtype}; it has ${available.join(', ')}. Set LOCAL_MODEL_DTYPE to one of these.`
  }
  const fix = {
    cache: `Run \`npm run models -- pull ${name}\`.`,
    shipped: 'It comes with the repository: restore the folder models/.',
    folder: 'Export the model for transformers.js into this folder.',
  }
  return `The model in ${folder} is incomplete: ${missing.join(', ')} missing or empty. ${fix[origin]}`
}

const tokenizerSchema = z.looseObject({ model_max_length: z.number().nullish() })

/**
 * Returns the tokens that a model sees. Where all its layers see a sliding window only, that is the window: beyond it our
 * loop, whose masks hide nothing that was said, would not do what the model does. (Layers that differ are noticed in the
 * graph, by `compile/decoder-form.ts`.)
 */
function contextLengthOf(config: ModelConfig, folder: string): number {
  const { sliding_window: window, use_sliding_window: slides, layer_types: layers } = config
  const differ = config.sliding_window_pattern != null || layers?.some((type) => type !== 'sliding_attention')
  const isSliding = typeof window === 'number' && window > 0 && slides !== false && !differ
  return Math.min(statedLength(config, folder), isSliding ? window : Number.POSITIVE_INFINITY)
}

/** T5's configuration states none, its tokenizer does. */
function statedLength(config: ModelConfig, folder: string): number {
  const stated = config.max_position_embeddings ?? config.n_positions ?? config.max_sequence_length
  if (typeof stated === 'number') return stated
  const tokenizer = tokenizerSchema.safeParse(readJson(join(folder, 'tokenizer_config.json')))
  const length = tokenizer.data?.model_max_length
  // Tokenizers without a limit state 1e30; 512 is what T5 and its kin were trained on.
  return typeof length === 'number' && length <= 1_000_000 ? length : 512
}

const generationSchema = z.looseObject({ repetition_penalty: z.number().positive() })

/** What the model's makers advise; most advise none. */
function repetitionPenaltyOf(folder: string): number {
  const path = join(folder, 'generation_config.json')
  const parsed = fileSize(path) > 0 ? generationSchema.safeParse(readJson(path)) : undefined
  return parsed?.data?.repetition_penalty ?? 1
}
