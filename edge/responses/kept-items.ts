/** The items of a kept response as they are written and read. Does not know what they mean, nor where they are kept. */
import * as z from 'zod/mini'

const itemSchema = z.looseObject({ type: z.nullish(z.string()), id: z.nullish(z.string()) })
const keptItemsSchema = z.object({ input: z.array(itemSchema), output: z.array(itemSchema) })

/** The items of one kept response. */
export type KeptItems = z.infer<typeof keptItemsSchema>

/** Reads what `writeKeptItems` wrote. @throws if it is anything else */
export function readKeptItems(json: string): KeptItems {
  return keptItemsSchema.parse(JSON.parse(json))
}

/** Returns items as they are kept. */
export function writeKeptItems(items: {
  readonly input: object[]
  readonly output: readonly object[]
}): string {
  return JSON.stringify(items)
}
