/**
 * The first use of a loaded model by rows that share steps: whether each row's logits have the bits that it has alone.
 * Most graphs give that; one whose activations are scaled over the whole batch, or whose kernels differ by shape, does not.
 */
import type { Logits, Row, StepModel } from '../step-model.ts'

/** Tokens of the probe's prompts: within one piece, over two pieces, and one that ends where a piece does. */
const PROMPT_TOKENS = [5, 70, 64] as const
const STEPS = 3
const SCOPE = 'probe'

/** What sharing would change, in words for the operator; undefined where it changes nothing. */
export type Exactness = { readonly rows: string | undefined; readonly prefix: string | undefined }

/**
 * Returns what differs. Leaves the model without rows.
 * @param sample token ids that occur in text
 */
export async function probeExactness<R extends Row>(
  model: StepModel<R>,
  sample: readonly number[],
): Promise<Exactness> {
  const prompts = PROMPT_TOKENS.map((length, index) =>
    Array.from({ length }, (_, position) => sample[(position * 7 + index * 3) % sample.length] ?? 0),
  )
  const alone: Uint8Array[][] = []
  for (const prompt of prompts) alone.push(...(await runTogether(model, [prompt], undefined)))
  const rows = (await sharedAsAlone(model, prompts, alone))
    ? undefined
    : 'rows that share a step would change each other’s answers'
  const longest = prompts.slice(1, 2)
  await runTogether(model, longest, SCOPE)
  const prefix = same(alone.slice(1, 2), await runTogether(model, longest, SCOPE))
    ? undefined
    : 'a prompt whose beginning is remembered would be answered differently'
  return { rows, prefix }
}

/** Says whether prompts that share steps, as many at once as the model takes, get the bits that each gets alone. */
async function sharedAsAlone<R extends Row>(
  model: StepModel<R>,
  prompts: readonly (readonly number[])[],
  alone: readonly Uint8Array[][],
): Promise<boolean> {
  const count = Math.min(model.maxRows, prompts.length)
  if (count === 1) return true
  for (let from = 0; from + count <= prompts.length; from++) {
    const together = await runTogether(model, prompts.slice(from, from + count), undefined)
    if (!same(alone.slice(from, from + count), together)) return false
  }
  return true
}

/** Reads and continues prompts, each joining while those before it run; returns the bits of each row's logits. */
async function runTogether<R extends Row>(
  model: StepModel<R>,
  prompts: readonly (readonly number[])[],
  cacheScope: string | undefined,
): Promise<Uint8Array[][]> {
  const bits: Uint8Array[][] = prompts.map(() => [])
  const rows: R[] = []
  const tokens: number[] = []
  const take = (index: number, logits: Logits | undefined) => {
    if (!logits) throw new RangeError('The model gave no logits.')
    bits[index]?.push(Uint8Array.from(new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength)))
    tokens[index] = likeliest(logits)
  }
  const step = async () => {
    for (const [index, logits] of (await model.step(rows, tokens)).entries()) take(index, logits)
  }
  try {
    for (const [index, ids] of prompts.entries()) {
      const row = model.open({ ids, cacheScope, maxTokens: ids.length + prompts.length + STEPS })
      let logits: Logits | undefined
      while (!logits) logits = await model.read(row)
      rows.push(row)
      take(index, logits)
      await step()
    }
    for (let count = 0; count < STEPS; count++) await step()
  } finally {
    for (const row of rows) model.close(row)
  }
  return bits
}

/** Rows that joined later have run fewer steps: what both have is compared. */
function same(left: readonly Uint8Array[][], right: readonly Uint8Array[][]): boolean {
  return left.every((steps, row) =>
    steps.every((bits, step) => {
      const other = right[row]?.[step]
      return other === undefined || Buffer.compare(bits, other) === 0
    }),
  )
}

function likeliest(logits: Logits): number {
  let best = 0
  for (let index = 1; index < logits.length; index++)
    if ((logits[index] ?? -Infinity) > (logits[best] ?? -Infinity)) best = index
  return best
}
