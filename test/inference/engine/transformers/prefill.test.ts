import type { PreTrainedModel } from '@xenova/transformers'
import { expect, test } from 'vitest'
import { createPrefill } from '../../../../inference/engine/transformers/prefill.ts'

const PLAIN = ['input_ids', 'attention_mask', 'past_key_values.0.key']
const ids = (count: number) => new Array<bigint>(count).fill(1n)

/** Stands for a model; only what the prefill looks at. */
function fakeModel(inputNames: string[], onForward: () => void = () => {}): PreTrainedModel {
  const forward = async () => {
    onForward()
    return {}
  }
  return { sessions: { model: { inputNames } }, forward } as unknown as PreTrainedModel
}

test('reads a long prompt in chunks and leaves the last one to the caller', async () => {
  let chunks = 0
  const prefill = createPrefill(fakeModel(PLAIN, () => chunks++))
  expect(await prefill?.(ids(300), new AbortController().signal)).toBeDefined()
  expect(chunks).toBe(2)
})

test('a short prompt has nothing to gain', async () => {
  const prefill = createPrefill(fakeModel(PLAIN))
  expect(await prefill?.(ids(128), new AbortController().signal)).toBeUndefined()
})

test('hears an abort that comes while a chunk is read before it reads the next one', async () => {
  const abort = new AbortController()
  let chunks = 0
  const model = fakeModel(PLAIN, () => {
    chunks++
    // As a message of another process does: in a later turn of the event loop.
    setImmediate(() => abort.abort())
  })
  expect(await createPrefill(model)?.(ids(1000), abort.signal)).toBeUndefined()
  expect(chunks).toBe(1)
})

test('leaves models alone whose state is more than an ordinary cache', () => {
  expect(createPrefill(fakeModel([...PLAIN, 'past_conv.0']))).toBeUndefined()
})
