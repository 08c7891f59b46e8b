/**
 * A decoder as a step model: prompts are read in pieces into a cache of their own, then their rows share steps. A row's
 * logits have the same bits whoever shares its steps and however its prompt was cut. Does not sample and knows no text.
 */
import type { InspectPrompt, Logits, OpenOptions, Row, StepModel } from '../step-model.ts'
import type { Carried, DecoderStage } from './decoder-stage.ts'
import { KeyValueCache, type NewKeysAndValues, PIECE_POSITIONS } from './key-value-cache.ts'
import type { PrefixCache } from './prefix-cache.ts'
import { RowBatch } from './row-batch.ts'

export type DecoderOptions = {
  /** Parts of the graph in order; together they are the model. */
  readonly stages: readonly DecoderStage[]
  readonly maxRows: number
  readonly prefixCache: PrefixCache | undefined
}

export type DecoderRow = Row & { readonly ids: readonly number[] }

/** What a row is while its prompt is read. */
type Reading = {
  readonly ids: readonly number[]
  readonly scope: string | undefined
  readonly inspection: InspectPrompt | undefined
  readonly caches: readonly KeyValueCache[]
  readonly pieces: readonly Piece[]
  /** What the part before has told of each piece. */
  carried: Carried[]
  states: Readonly<Record<string, Float32Array>>[]
  /** The part of the graph and the piece that come next. */
  stage: number
  piece: number
}

type Piece = { readonly start: number; readonly end: number }

/** Returns the model; it owns the stages. */
export function createDecoder(options: DecoderOptions): StepModel<DecoderRow> {
  const { stages, maxRows, prefixCache } = options
  const reading = new Map<DecoderRow, Reading>()
  const read = new Map<DecoderRow, readonly KeyValueCache[]>()
  const batch = new RowBatch<DecoderRow>(
    stages.map(({ shape }) => shape),
    maxRows,
  )

  const readPiece = async (current: Reading, { start, end }: Piece): Promise<Logits | undefined> => {
    const stage = stages[current.stage]
    const cache = current.caches[current.stage]
    if (!stage || !cache) throw new RangeError('There is no such part of the model.')
    const tokens = BigInt64Array.from(current.ids.slice(start, end), BigInt)
    const wanted = current.inspection?.tensors.filter((name) => stage.stateNames.includes(name)) ?? []
    const last = end === current.ids.length
    const output = await stage.run({
      tokens,
      positions: end - start,
      cache,
      carried: current.carried[current.piece] ?? {},
      logits: last,
      states: wanted,
    })
    cache.reserve(end)
    cache.append(output.made)
    current.carried[current.piece] = output.carried
    if (wanted.length > 0) current.states.push(output.states)
    return output.logits
  }

  const inspectStates = ({ inspection, states, pieces }: Reading): void => {
    if (!inspection || states.length === 0) return
    const tensors: Record<string, Float32Array> = {}
    for (const name of Object.keys(states[0] ?? {}))
      tensors[name] = concatenate(states.map((each) => each[name]))
    inspection.inspect({ firstPosition: pieces[0]?.start ?? 0, tensors })
  }

  const join = (row: DecoderRow): void => {
    const caches = read.get(row)
    if (!caches) return
    batch.join(row, caches)
    read.delete(row)
  }

  return {
    maxRows,
    open({ ids, cacheScope, inspection }: OpenOptions) {
      const caches = stages.map(({ shape }) => {
        // No larger than what is known: what is empty would be computed with.
        const cache = new KeyValueCache(shape, 1, 0)
        cache.addRow()
        return cache
      })
      // Keys and values are remembered, states are not: where they are wanted, they are computed.
      const cachedTokens =
        cacheScope === undefined ? 0 : (prefixCache?.restore(ids, cacheScope, caches, inspection?.from) ?? 0)
      const row: DecoderRow = { ids, cachedTokens }
      reading.set(row, {
        ids,
        scope: cacheScope,
        inspection,
        caches,
        pieces: cutPrompt(cachedTokens, ids.length),
        carried: [],
        states: [],
        stage: 0,
        piece: 0,
      })
      return row
    },
    async read(row) {
      const current = reading.get(row)
      const piece = current?.pieces[current.piece]
      if (!current || !piece) throw new RangeError('The prompt of this row has been read already.')
      const logits = await readPiece(current, piece)
      current.piece++
      if (current.piece < current.pieces.length) return undefined
      // Throws where the row is not to go on: its later parts are never computed.
      inspectStates(current)
      current.states = []
      current.stage++
      current.piece = 0
      if (current.stage < stages.length) return undefined
      if (current.scope !== undefined) prefixCache?.keep(current.ids, current.scope, current.caches)
      reading.delete(row)
      read.set(row, current.caches)
      return logits
    },
    async step(rows, tokens) {
      for (const row of rows) join(row)
      const ids = batch.tokensOf(rows, tokens)
      batch.reserve(1)
      const made: NewKeysAndValues[] = []
      let carried: Carried = {}
      let logits: Float32Array | undefined
      for (const [part, stage] of stages.entries()) {
        const cache = batch.caches[part]
        if (!cache) throw new RangeError('There is no such part of the model.')
        const output = await stage.run({
          tokens: ids,
          positions: 1,
          cache,
          carried,
          logits: true,
          states: [],
        })
        made.push(output.made)
        carried = output.carried
        logits = output.logits
      }
      if (!logits) throw new RangeError('The model gave no logits.')
      // Only now: were a part to fail, the caches of those before it would be a position ahead of the others.
      for (const [part, cache] of batch.caches.entries()) cache.append(made[part] as NewKeysAndValues)
      return batch.partsOf(rows, logits)
    },
    close(row) {
      reading.delete(row)
      read.delete(row)
      batch.leave(row)
    },
    async dispose() {
      for (const stage of stages) await stage.dispose()
    },
  }
}

/** Returns the pieces of a prompt whose first `start` positions, a whole number of pieces, are known. */
function cutPrompt(start: number, end: number): readonly Piece[] {
  const pieces: Piece[] = []
  for (let from = start; from < end; from += PIECE_POSITIONS)
    pieces.push({ start: from, end: Math.min(end, from + PIECE_POSITIONS) })
  return pieces
}

function concatenate(parts: readonly (Float32Array | undefined)[]): Float32Array {
  const present = parts.filter((part) => part !== undefined)
  const whole = new Float32Array(present.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of present) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
