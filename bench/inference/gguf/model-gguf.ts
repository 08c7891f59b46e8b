/**
 * The shipped model as a GGUF file, so that llama.cpp runs the same weights: names, shapes and keys of ggml's `llama`
 * architecture, the tokenizer of its `smollm` kind. Reads the model's folder; writes nothing.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { type Graph, readGraph } from '../../../inference/engine/onnx/graph/graph.ts'
import { type FourBitMatrix, roundToQ8_0, toQ4_1, toQ8_0 } from './blocks.ts'
import { encodeGguf, type GgufTensor, type GgufValue } from './gguf.ts'

const configSchema = z.object({
  hidden_size: z.int(),
  intermediate_size: z.int(),
  num_hidden_layers: z.int(),
  num_attention_heads: z.int(),
  num_key_value_heads: z.int(),
  head_dim: z.int(),
  vocab_size: z.int(),
  max_position_embeddings: z.int(),
  rms_norm_eps: z.number(),
  rope_theta: z.number(),
  bos_token_id: z.int(),
  eos_token_id: z.int(),
  pad_token_id: z.int(),
})
type LlamaConfig = z.infer<typeof configSchema>

export type LinearType = 'Q4_1' | 'Q8_0'

const tokenizerSchema = z.object({
  added_tokens: z.array(z.object({ id: z.int(), special: z.boolean() })),
  model: z.object({
    vocab: z.record(z.string(), z.int()),
    merges: z.array(z.tuple([z.string(), z.string()])),
  }),
})

const templateSchema = z.object({ chat_template: z.string(), unk_token: z.string() })

/** ggml's numbers (gguf-py, constants.py). */
const FILE_TYPES = { Q4_1: 3, Q8_0: 7 } as const
const QUANTISATION_VERSION = 2
const TOKEN_NORMAL = 1
const TOKEN_CONTROL = 3

/**
 * Returns the parts of the file.
 * @param folder of a model in the shipped one's layout: its 4-bit graph, configuration and tokenizer
 * @param linearType of the linear layers: Q4_1 has the very codes of the graph, Q8_0 rounds them anew
 * @throws {Error} where a tensor of that layout is missing
 */
export function modelGguf(folder: string, linearType: LinearType): readonly Uint8Array[] {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'))
  const config = configSchema.parse(read('config.json'))
  const graph = readGraph(readFileSync(join(folder, 'onnx/model_q4.onnx')))
  const metadata = new Map([
    ...architecture(config, linearType),
    ...tokenizer(
      config,
      tokenizerSchema.parse(read('tokenizer.json')),
      templateSchema.parse(read('tokenizer_config.json')),
    ),
  ])
  return encodeGguf(metadata, tensors(config, graph, linearType))
}

function architecture(config: LlamaConfig, linearType: LinearType): [string, GgufValue][] {
  const uint32 = (value: number): GgufValue => ({ type: 'uint32', value })
  const float32 = (value: number): GgufValue => ({ type: 'float32', value })
  return [
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['general.file_type', uint32(FILE_TYPES[linearType])],
    ['general.quantization_version', uint32(QUANTISATION_VERSION)],
    ['llama.vocab_size', uint32(config.vocab_size)],
    ['llama.context_length', uint32(config.max_position_embeddings)],
    ['llama.embedding_length', uint32(config.hidden_size)],
    ['llama.feed_forward_length', uint32(config.intermediate_size)],
    ['llama.block_count', uint32(config.num_hidden_layers)],
    ['llama.attention.head_count', uint32(config.num_attention_heads)],
    ['llama.attention.head_count_kv', uint32(config.num_key_value_heads)],
    ['llama.attention.layer_norm_rms_epsilon', float32(config.rms_norm_eps)],
    ['llama.rope.dimension_count', uint32(config.head_dim)],
    ['llama.rope.freq_base', float32(config.rope_theta)],
  ]
}

function tokenizer(
  config: LlamaConfig,
  { added_tokens, model }: z.infer<typeof tokenizerSchema>,
  { chat_template, unk_token }: z.infer<typeof templateSchema>,
): [string, GgufValue][] {
  const tokens = Object.entries(model.vocab)
    .sort(([, left], [, right]) => left - right)
    .map(([token]) => token)
  const control = new Set(added_tokens.filter(({ special }) => special).map(({ id }) => id))
  const kinds = tokens.map((_, id) => (control.has(id) ? TOKEN_CONTROL : TOKEN_NORMAL))
  return [
    ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
    ['tokenizer.ggml.pre', { type: 'string', value: 'smollm' }],
    ['tokenizer.ggml.tokens', { type: 'string[]', value: tokens }],
    ['tokenizer.ggml.token_type', { type: 'int32[]', value: kinds }],
    ['tokenizer.ggml.merges', { type: 'string[]', value: model.merges.map((pair) => pair.join(' ')) }],
    ['tokenizer.ggml.bos_token_id', { type: 'uint32', value: config.bos_token_id }],
    ['tokenizer.ggml.eos_token_id', { type: 'uint32', value: config.eos_token_id }],
    ['tokenizer.ggml.padding_token_id', { type: 'uint32', value: config.pad_token_id }],
    ['tokenizer.ggml.unknown_token_id', { type: 'uint32', value: model.vocab[unk_token] ?? 0 }],
    ['tokenizer.ggml.add_bos_token', { type: 'bool', value: false }],
    ['tokenizer.chat_template', { type: 'string', value: chat_template }],
  ]
}

function tensors(config: LlamaConfig, graph: Graph, linearType: LinearType): GgufTensor[] {
  const { hidden_size: hidden, intermediate_size: wide, head_dim: headSize, vocab_size: vocabulary } = config
  const queries = config.num_attention_heads * headSize
  const keys = config.num_key_value_heads * headSize
  const bytes = (name: string) => present(name, graph.bytes(name))
  const floats = (name: string) => present(name, graph.floats(name))
  const norm = (name: string, from: string): GgufTensor => ({
    name: `${name}.weight`,
    type: 'F32',
    shape: [hidden],
    data: bytes(from),
  })
  const linear = (name: string, from: FourBitMatrix, rows: readonly number[]): GgufTensor => ({
    name: `${name}.weight`,
    type: linearType,
    shape: [rows.length, from.columns],
    data: (linearType === 'Q4_1' ? toQ4_1 : roundToQ8_0)(from, rows),
  })
  const matrix = (name: string, columns: number): FourBitMatrix => ({
    columns,
    blocks: Number(present(`${name}_Q`, graph.initializer(`${name}_Q`)).dims[1]),
    codes: bytes(`${name}_Q`),
    scales: floats(`${name}_scales`),
    zeroPoints: bytes(`${name}_zp`),
  })
  const layers = Array.from({ length: config.num_hidden_layers }, (_, layer) => {
    const from = `layers.${layer}`
    const to = `blk.${layer}`
    const qkv = matrix(`${from}.qkv`, hidden)
    const gateUp = matrix(`${from}.gate_up`, hidden)
    return [
      norm(`${to}.attn_norm`, `${from}.attn_norm`),
      linear(`${to}.attn_q`, qkv, interleaved(0, queries, headSize)),
      linear(`${to}.attn_k`, qkv, interleaved(queries, keys, headSize)),
      linear(`${to}.attn_v`, qkv, range(queries + keys, keys)),
      linear(`${to}.attn_output`, matrix(`${from}.o`, queries), range(0, hidden)),
      norm(`${to}.ffn_norm`, `${from}.ffn_norm`),
      linear(`${to}.ffn_gate`, gateUp, range(0, wide)),
      linear(`${to}.ffn_up`, gateUp, range(wide, wide)),
      linear(`${to}.ffn_down`, matrix(`${from}.down`, wide), range(0, hidden)),
    ]
  })
  const table = toQ8_0(bytes('embed_tokens_Q'), floats('embed_tokens_scales'))
  return [
    // Without a tensor of its own the output matrix is this one.
    { name: 'token_embd.weight', type: 'Q8_0', shape: [vocabulary, hidden], data: table },
    ...layers.flat(),
    norm('output_norm', 'final_norm'),
  ]
}

function present<T>(name: string, found: T | undefined): T {
  if (found === undefined) throw new Error(`The model's graph has no tensor ${name}.`)
  return found
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}

/** ggml's llama turns neighbouring rows of a head by one angle; the graph turns those half a head apart. */
function interleaved(first: number, count: number, headSize: number): number[] {
  return range(0, count).map((row) => {
    const within = row % headSize
    return first + row - within + (within % 2) * (headSize / 2) + Math.floor(within / 2)
  })
}
