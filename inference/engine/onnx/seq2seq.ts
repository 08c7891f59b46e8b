/**
 * An encoder-decoder as a step model: the encoder reads a prompt once, then its row shares the decoder's steps with others,
 * of whatever age. A row's logits have the same bits whoever shares its steps. Does not sample and knows no text.
 */
import type { InspectPrompt, Row, StepModel } from '../step-model.ts'
import { statesOf } from './encoder.ts'
import type { EncoderDecoder, RowCaches } from './encoder-decoder.ts'
import { KeyValueCache } from './key-value-cache.ts'
import { RowBatch } from './row-batch.ts'

export type Seq2seqOptions = {
  readonly model: EncoderDecoder
  /** The token that every answer begins with. */
  readonly startToken: number
  readonly maxRows: number
}

export type Seq2seqRow = Row & {
  readonly ids: readonly number[]
  readonly inspection: InspectPrompt | undefined
}

/** Returns the model; it owns the sessions. */
export function createSeq2seqModel({ model, startToken, maxRows }: Seq2seqOptions): StepModel<Seq2seqRow> {
  const { shape } = model
  /** What the encoder made of prompts whose first token is still to come. */
  const encoded = new Map<Seq2seqRow, KeyValueCache>()
  const read = new Map<Seq2seqRow, RowCaches>()
  const batch = new RowBatch<Seq2seqRow>([shape, shape], maxRows)
  const [prompt, answer] = batch.caches
  if (!prompt || !answer) throw new RangeError('A batch has a cache for each shape.')

  const join = (row: Seq2seqRow): void => {
    const own = read.get(row)
    if (!own) return
    batch.join(row, [own.prompt, own.answer])
    read.delete(row)
  }

  return {
    maxRows,
    open: ({ ids, inspection }) => ({ ids, inspection, cachedTokens: 0 }),
    async read(row) {
      const own = encoded.get(row)
      if (!own) {
        const states = await model.encoder.run(row.ids)
        // Throws where the row is not to go on: the decoder never sees it.
        row.inspection?.inspect(statesOf(model.encoder, states))
        encoded.set(row, await model.attend(states))
        return undefined
      }
      const caches = { prompt: own, answer: new KeyValueCache(shape, 1, 1) }
      caches.answer.addRow()
      const logits = await model.decode(BigInt64Array.of(BigInt(startToken)), caches)
      encoded.delete(row)
      read.set(row, caches)
      return logits
    },
    async step(rows, tokens) {
      for (const row of rows) join(row)
      const logits = await model.decode(batch.tokensOf(rows, tokens), { prompt, answer })
      return batch.partsOf(rows, logits)
    },
    close(row) {
      encoded.delete(row)
      read.delete(row)
      batch.leave(row)
    },
    dispose: model.dispose,
  }
}
