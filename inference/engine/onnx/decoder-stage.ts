/**
 * One session over a decoder's graph in decoder form (decoder-form.ts), or over a part of its layers: what goes in, what
 * comes out, found in the session itself. Keeps nothing between runs.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { RouterError } from '../../../shared/errors.ts'
import { cacheArrayOf, cacheShapeOf, cacheTensor, createCacheWrapper } from './cache-tensors.ts'
import { EXACT_PRODUCTS } from './exact-products.ts'
import { passOn } from './float16-tensor.ts'
import type { CacheShape, KeyValueCache, NewKeysAndValues } from './key-value-cache.ts'

/** Tensors that pass from one part of a graph to the next, by name. */
export type Carried = Readonly<Record<string, Tensor>>

export type StageInput = {
  /** Tokens of each row, [rows × positions]. */
  readonly tokens: BigInt64Array
  /** New positions of each row. */
  readonly positions: number
  /** The rows' keys and values; rows of the run are its rows in use. */
  readonly cache: KeyValueCache
  readonly carried: Carried
  /** Whether the logits are wanted, of the last position. */
  readonly logits: boolean
  /** Further outputs of the graph that are wanted. */
  readonly states: readonly string[]
}

export type StageOutput = {
  readonly made: NewKeysAndValues
  /** [rows, vocabulary]; undefined where they were not wanted, or another part makes them. */
  readonly logits: Float32Array | undefined
  /** What the next part needs. */
  readonly carried: Carried
  /** [rows, positions, size] each. */
  readonly states: Readonly<Record<string, Float32Array>>
}

export type DecoderStage = {
  readonly shape: CacheShape
  /** Names of outputs beside logits, keys and values. */
  readonly stateNames: readonly string[]
  readonly run: (input: StageInput) => Promise<StageOutput>
  readonly dispose: () => Promise<void>
}

const ONE = new Tensor('int64', BigInt64Array.of(1n), [])

/** Begins the names of tensors that pass from one part of a graph to the next. */
export const CARRIED_PREFIX = 'carried.'

const OWN_INPUTS = new Set([
  'input_ids',
  'attention_mask',
  'attention_bias',
  'position_ids',
  'num_logits_to_keep',
])

/** Softmax gives exactly 0 for what is hidden by it, whatever the score, in float32 and in float16. */
const HIDDEN = -30_000
const HIDDEN_FLOAT16 = 0xf753

/**
 * Loads one part of a decoder.
 * @param path of a graph in decoder form
 * @param threads of one run
 * @throws {RouterError} `unsupported` for a graph whose inputs are not those of a decoder
 */
export async function loadDecoderStage(path: string, threads: number): Promise<DecoderStage> {
  const session = await InferenceSession.create(path, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Pieces are small, so that the arena stays small too; without it a step of eight rows costs a tenth more.
    enableCpuMemArena: true,
    logSeverityLevel: 3,
    extra: EXACT_PRODUCTS,
  })
  try {
    return stageOf(session, path)
  } catch (error) {
    // Another engine will load the model: it is not to lie in memory twice.
    await session.release()
    throw error
  }
}

function stageOf(session: InferenceSession, path: string): DecoderStage {
  const inputs = new Map(session.inputMetadata.map((value) => [value.name, value]))
  const outputs = session.outputNames
  const pastNames = [...inputs.keys()].filter((name) => name.startsWith('past_key_values.'))
  const newNames = pastNames.map((name) => name.replace('past_key_values.', 'new.'))
  const made = session.outputMetadata.find(({ name }) => name === newNames[0])
  if (!made?.isTensor || !newNames.every((name) => outputs.includes(name)))
    throw new RouterError('unsupported', `${path} is not a decoder whose keys and values can be kept.`)
  const shape = cacheShapeOf(
    pastNames.map((name) => inputs.get(name)),
    path,
  )
  const layout = made.shape.length === 4 ? 'heads_first' : 'flat'
  const foreign = [...inputs.keys()].find(
    (name) => !OWN_INPUTS.has(name) && !pastNames.includes(name) && !name.startsWith(CARRIED_PREFIX),
  )
  if (foreign !== undefined)
    throw new RouterError('unsupported', `${path} has an input that is not known here: ${foreign}.`)
  const bias = inputs.get('attention_bias')
  const biasRank = bias?.isTensor ? bias.shape.length : 0
  const carriedIn = [...inputs.keys()].filter((name) => name.startsWith(CARRIED_PREFIX))
  const stateNames = outputs.filter((name) => name !== 'logits' && !newNames.includes(name))
  const ownLogits = outputs.includes('logits')

  const wrap = createCacheWrapper()

  return {
    shape,
    stateNames,
    async run({ tokens, positions, cache, carried, logits, states }) {
      const rows = cache.size
      const feeds: Record<string, Tensor> = {}
      if (inputs.has('input_ids')) feeds.input_ids = new Tensor('int64', tokens, [rows, positions])
      if (inputs.has('position_ids')) feeds.position_ids = positionIds(cache, positions)
      if (inputs.has('attention_mask')) feeds.attention_mask = filledMask(cache, positions)
      if (biasRank > 0) feeds.attention_bias = attentionBias(cache, positions, biasRank)
      if (inputs.has('num_logits_to_keep')) feeds.num_logits_to_keep = ONE
      for (const name of carriedIn) {
        const tensor = carried[name]
        if (!tensor) throw new RangeError(`A part of the graph lacks ${name}.`)
        feeds[name] = passOn(tensor)
      }
      for (const [index, tensor] of wrap(cache).entries()) feeds[pastNames[index] ?? ''] = tensor
      const passedOn = stateNames.filter((name) => name.startsWith(CARRIED_PREFIX))
      const wanted = [...newNames, ...passedOn, ...states, ...(logits && ownLogits ? ['logits'] : [])]
      const results = await session.run(feeds, wanted)
      return {
        made: { data: newNames.map((name) => cacheArrayOf(results[name])), layout, positions },
        logits: results.logits && lastPosition(results.logits),
        carried: Object.fromEntries(passedOn.map((name) => [name, results[name] as Tensor])),
        states: Object.fromEntries(states.map((name) => [name, results[name]?.data as Float32Array])),
      }
    },
    dispose: () => session.release(),
  }
}

/** Each row goes on where its cache ends. */
function positionIds(cache: KeyValueCache, positions: number): Tensor {
  const ids = new BigInt64Array(cache.size * positions)
  for (let row = 0; row < cache.size; row++)
    for (let position = 0; position < positions; position++)
      ids[row * positions + position] = BigInt(cache.lengthOf(row) + position)
  return new Tensor('int64', ids, [cache.size, positions])
}

/** For grouped-query attention, which takes each row's length from the sum of its mask. */
function filledMask(cache: KeyValueCache, positions: number): Tensor {
  const width = cache.capacity + positions
  const mask = new BigInt64Array(cache.size * width)
  for (let row = 0; row < cache.size; row++)
    mask.fill(1n, row * width, row * width + cache.lengthOf(row) + positions)
  return new Tensor('int64', mask, [cache.size, width])
}

/** New keys stand before those of the cache (decoder-form.ts): a position sees itself, those before it and its row's cache. */
function attentionBias(cache: KeyValueCache, positions: number, rank: number): Tensor {
  const { size: rows, capacity, shape } = cache
  const width = positions + capacity
  const float16 = shape.elementType === 'float16'
  const bias = float16
    ? new Uint16Array(rows * positions * width)
    : new Float32Array(rows * positions * width)
  const hidden = float16 ? HIDDEN_FLOAT16 : HIDDEN
  for (let row = 0; row < rows; row++)
    for (let position = 0; position < positions; position++) {
      const start = (row * positions + position) * width
      bias.fill(hidden, start + position + 1, start + positions)
      bias.fill(hidden, start + positions + cache.lengthOf(row), start + width)
    }
  return cacheTensor(bias, [rows, ...new Array<number>(rank - 3).fill(1), positions, width])
}

/** Returns [rows, vocabulary] of [rows, positions, vocabulary]. */
function lastPosition({ data, dims }: Tensor): Float32Array {
  const [rows = 1, positions = 1, vocabulary = 0] = dims
  const all = data as Float32Array
  if (positions === 1) return all
  const last = new Float32Array(rows * vocabulary)
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * positions * vocabulary
    last.set(all.subarray(end - vocabulary, end), row * vocabulary)
  }
  return last
}
