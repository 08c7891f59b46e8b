/**
 * The names under which scripts, styles and images are served: their content's hash is in them, so they are known only
 * after `scripts/build-pages.mjs`. Knows no platform; how a file is read is passed in.
 */
import * as z from 'zod/mini'
import { RouterError } from '../../shared/errors.ts'

/** Reads a file of the built folder, such as `/names.json`. */
export type ReadAsset = (path: string) => Promise<Response>

/** From a source's name (`pages.css`, `playground.js`) to its address. */
export type AssetNames = Readonly<Record<string, string>>

const namesSchema = z.record(z.string(), z.string())

/** Returns a reader of the names, which reads once. @throws {RouterError} `configuration` where nothing was built */
export function createAssetNames(read: ReadAsset): () => Promise<AssetNames> {
  let known: AssetNames | undefined
  return async () => {
    known ??= await readNames(read)
    return known
  }
}

async function readNames(read: ReadAsset): Promise<AssetNames> {
  try {
    const response = await read('/names.json')
    if (response.ok) return namesSchema.parse(await response.json())
  } catch (cause) {
    throw new RouterError('configuration', NOT_BUILT, { cause })
  }
  throw new RouterError('configuration', NOT_BUILT)
}

const NOT_BUILT = 'The pages are not built: deploy with the [assets] and [build] of wrangler.toml.'
