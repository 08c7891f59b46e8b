/**
 * The catalogue: models that are known to work, as they are published, and what they may be trusted with.
 * Any other repository or folder works too; then everything is read from its files. Owns no file access.
 */
import { type ModelCard, type TaskTrust, uniformTrust } from '../../shared/model-card.ts'
import type { ModelKind, PromptStyle } from '../engine/engine.ts'

export type CatalogueModel = {
  /** Repository on the model hub, or the folder's name under models/ for the shipped one. */
  readonly name: string
  readonly displayName: string
  readonly aliases: readonly string[]
  readonly shipped: boolean
  readonly kind: ModelKind
  readonly dtype: string
  /**
   * The commit that is downloaded and the SHA-256 of its files, by their paths. Absent: the newest at the first download,
   * which is recorded and then kept.
   */
  readonly pin?: { readonly revision: string; readonly sha256: Readonly<Record<string, string>> } | undefined
  /** Base name of the ONNX file where it is not transformers.js's usual one. */
  readonly modelFileName?: string
  readonly downloadBytes: number
  /** Resident memory of both processes with one short conversation; measured for the shipped model, else estimated. */
  readonly memoryBytes: number
  /** The same with linear layers compiled to int8; absent: estimated by estimateInt8Memory. */
  readonly int8MemoryBytes?: number | undefined
  readonly license: string
  readonly promptStyle: PromptStyle
  /** What the router may trust it with. */
  readonly card: ModelCard
  readonly capabilities: readonly string[]
  /** Small models answer best greedily: chance picks words that they cannot carry on from. */
  readonly defaultTemperature: number
  readonly note: string
}

const MB = 1_000_000

/** Name of the model that comes with the repository. */
export const SHIPPED_MODEL = 'Ulfberht-135M'

type Entry = Pick<CatalogueModel, 'name' | 'displayName' | 'dtype' | 'license' | 'note'> &
  Partial<CatalogueModel> & {
    readonly downloadMb: number
    /** Tasks that are left out are not trusted. */
    readonly trust: Partial<TaskTrust>
    /** The only languages that it speaks well; absent where there are many. */
    readonly languages?: readonly string[]
    /** The highest temperature at which it still makes sense; absent: the client's own is taken. */
    readonly maxTemperature?: number
    readonly exam?: string
  }

function entry({ downloadMb, trust, languages, maxTemperature, exam, ...given }: Entry): CatalogueModel {
  return {
    card: {
      trust: { ...uniformTrust('none'), ...trust },
      languages: languages ?? null,
      maxTemperature: maxTemperature ?? null,
      exam: exam ?? null,
    },
    aliases: [],
    shipped: false,
    kind: 'text-generation',
    promptStyle: 'chat',
    downloadBytes: downloadMb * MB,
    memoryBytes: estimateMemory(downloadMb * MB),
    capabilities: ['chat', 'streaming'],
    defaultTemperature: 0,
    ...given,
  }
}

/** Returns the memory that a model of so many bytes of files is likely to take, in bytes: a rule of thumb. */
export function estimateMemory(fileBytes: number): number {
  return fileBytes * 1.5 + 250 * MB
}

/** Returns the memory that a model takes whose linear layers were compiled to int8, by the dtype of its file: a rule of thumb. */
export function estimateInt8Memory(fileBytes: number, dtype: string): number | undefined {
  const growth = INT8_GROWTH.get(dtype)
  return growth === undefined ? undefined : estimateMemory(fileBytes * growth)
}

/** Bytes of a compiled file for each of the stored one; of others nothing is gained by compiling. */
const INT8_GROWTH: ReadonlyMap<string, number> = new Map([
  ['q4', 1.75],
  ['fp16', 0.6],
  ['fp32', 0.3],
])

/** Every model of the catalogue, the shipped one first, then by size. Sizes are those of the published files. */
export const CATALOGUE: readonly CatalogueModel[] = [
  entry({
    name: SHIPPED_MODEL,
    languages: ['en'],
    displayName: 'Ulfberht 135M',
    aliases: ['default', 'local', 'ulfberht'],
    shipped: true,
    dtype: 'q4',
    downloadMb: 0,
    memoryBytes: 440 * MB,
    int8MemoryBytes: 400 * MB,
    license: 'Apache-2.0',
    trust: { simple_chat: 'set_phrases' },
    maxTemperature: 0.3,
    note: 'Comes with the repository. English.',
  }),
  entry({
    name: 'HuggingFaceTB/SmolLM2-135M-Instruct',
    languages: ['en'],
    displayName: 'SmolLM2 135M',
    aliases: ['smollm2-135m'],
    dtype: 'q4',
    downloadMb: 200,
    license: 'Apache-2.0',
    trust: {},
    exam: '300 items: small talk 30 %, labels 0, fields 0, facts 40',
    note: 'The shipped model before its tuning.',
  }),
  entry({
    name: 'LiquidAI/LFM2.5-230M-ONNX',
    displayName: 'LFM2.5 230M',
    aliases: ['lfm2.5-230m'],
    dtype: 'q4',
    downloadMb: 200,
    license: 'LFM1.0 (limits commercial use above $10M revenue)',
    trust: { simple_chat: 'set_phrases', summarization: 'full', classification: 'full' },
    note: 'The most capable one for about 512 MB.',
  }),
  entry({
    name: 'LiquidAI/LFM2.5-350M-ONNX',
    displayName: 'LFM2.5 350M',
    aliases: ['lfm2.5-350m'],
    dtype: 'q4',
    downloadMb: 276,
    license: 'LFM1.0 (limits commercial use above $10M revenue)',
    trust: { simple_chat: 'set_phrases', summarization: 'full', classification: 'full' },
    note: 'A good choice for 1 to 2 GB.',
  }),
  entry({
    name: 'HuggingFaceTB/SmolLM2-360M-Instruct',
    languages: ['en'],
    displayName: 'SmolLM2 360M',
    aliases: ['smollm2-360m'],
    dtype: 'q4',
    downloadMb: 417,
    license: 'Apache-2.0',
    trust: { simple_chat: 'set_phrases' },
    note: 'English.',
  }),
  entry({
    name: 'onnx-community/Qwen2.5-0.5B-Instruct',
    displayName: 'Qwen2.5 0.5B',
    aliases: ['qwen2.5-0.5b'],
    dtype: 'q8',
    downloadMb: 512,
    license: 'Apache-2.0',
    trust: { simple_chat: 'set_phrases', summarization: 'full', classification: 'full' },
    note: 'Many languages; the choice for 2 GB with a free license.',
  }),
  entry({
    name: 'onnx-community/Qwen3-0.6B-ONNX',
    displayName: 'Qwen3 0.6B',
    aliases: ['qwen3-0.6b'],
    dtype: 'q8',
    downloadMb: 600,
    license: 'Apache-2.0',
    trust: { simple_chat: 'set_phrases', summarization: 'full', classification: 'full' },
    note: 'Many languages. Asked to answer without thinking first.',
  }),
  entry({
    name: 'Xenova/LaMini-Flan-T5-783M',
    languages: ['en'],
    displayName: 'LaMini-Flan-T5 783M',
    aliases: ['lamini-flan-t5-783m', 'lamini'],
    kind: 'text2text-generation',
    promptStyle: 'plain',
    dtype: 'q8',
    downloadMb: 822,
    license: 'CC-BY-NC-4.0 (not for commercial use)',
    trust: { simple_qa: 'full', summarization: 'full', classification: 'full' },
    capabilities: ['instructions', 'streaming'],
    note: 'One instruction, one answer; knows no conversation. Reads 512 tokens.',
  }),
  entry({
    name: 'onnx-community/TinyLlama-1.1B-Chat-v1.0-ONNX',
    languages: ['en'],
    displayName: 'TinyLlama 1.1B Chat',
    aliases: ['tinyllama'],
    dtype: 'q4',
    downloadMb: 910,
    license: 'Apache-2.0',
    trust: { simple_chat: 'set_phrases', summarization: 'full' },
    note: 'TinyLlama in the layout of current transformers.js.',
  }),
  entry({
    name: 'Xenova/TinyLlama-1.1B-Chat-v1.0',
    languages: ['en'],
    displayName: 'TinyLlama 1.1B Chat (older export)',
    aliases: [],
    dtype: 'q8',
    downloadMb: 1100,
    license: 'Apache-2.0',
    trust: { simple_chat: 'set_phrases', summarization: 'full' },
    note: 'Older export; both of its published file layouts are recognised.',
  }),
  entry({
    name: 'LiquidAI/LFM2.5-1.2B-Instruct-ONNX',
    displayName: 'LFM2.5 1.2B',
    aliases: ['lfm2.5-1.2b'],
    dtype: 'q4',
    downloadMb: 1200,
    license: 'LFM1.0 (limits commercial use above $10M revenue)',
    trust: uniformTrust('full'),
    note: 'Download size estimated. For 4 GB.',
  }),
  entry({
    name: 'onnx-community/Llama-3.2-1B-Instruct',
    displayName: 'Llama 3.2 1B',
    aliases: ['llama-3.2-1b'],
    dtype: 'q8',
    downloadMb: 1240,
    license: 'Llama 3.2 Community License',
    trust: uniformTrust('full'),
    note: 'For 4 GB.',
  }),
  entry({
    name: 'onnx-community/Qwen2.5-1.5B-Instruct',
    displayName: 'Qwen2.5 1.5B',
    aliases: ['qwen2.5-1.5b'],
    dtype: 'q8',
    downloadMb: 1580,
    license: 'Apache-2.0',
    trust: uniformTrust('full'),
    note: 'Many languages. For 4 GB.',
  }),
  entry({
    name: 'Xenova/Phi-3-mini-4k-instruct',
    languages: ['en'],
    displayName: 'Phi-3 mini',
    aliases: ['phi-3', 'phi3'],
    dtype: 'q4',
    downloadMb: 2300,
    license: 'MIT',
    trust: uniformTrust('full'),
    note: 'For 8 GB; slow on few cores.',
  }),
]

/** Names that people try and that do not exist as transformers.js exports, with what to say. */
const ABSENT: ReadonlyMap<string, string> = new Map(
  ['phi-2', 'phi2', 'xenova/phi-2', 'microsoft/phi-2'].map((name) => [
    name,
    'No export of Phi-2 for transformers.js is known. Take its successor, Xenova/Phi-3-mini-4k-instruct, or set LOCAL_MODEL_NAME to a folder with an export of your own.',
  ]),
)

/** Returns the catalogue's model of that name or alias; case does not matter. */
export function findModel(name: string): CatalogueModel | undefined {
  const wanted = name.toLowerCase()
  return CATALOGUE.find((model) => [model.name, ...model.aliases].some((own) => own.toLowerCase() === wanted))
}

/** Returns why a model that people ask for cannot be had, or undefined. */
export function whyAbsent(name: string): string | undefined {
  return ABSENT.get(name.toLowerCase())
}
