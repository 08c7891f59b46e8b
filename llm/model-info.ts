/**
 * What a program can know of the local model, also before it is loaded: from its files, else from the catalogue.
 */

import type { ModelInfo, ModelKind } from '../inference/engine/engine.ts'
import { findModel } from '../inference/models/catalogue.ts'
import {
  locateModel,
  type ModelPlaces,
  missingModelFiles,
  resolveModel,
} from '../inference/models/resolve.ts'
import type { ModelCard } from '../shared/model-card.ts'

export type LocalModelInfo = {
  readonly name: string
  readonly displayName: string
  /** For people, such as `142 MB`; `unknown` where nothing says it. */
  readonly size: string
  /** Bytes of the files that are loaded. */
  readonly sizeBytes: number | undefined
  readonly capabilities: readonly string[]
  /** What the model is trusted with; undefined where nothing is known about its quality. */
  readonly card: ModelCard | undefined
  readonly license: string
  /** Tokens that prompt and answer share. Undefined before a download. */
  readonly contextLength: number | undefined
  readonly dtype: string | undefined
  readonly kind: ModelKind | undefined
  /** Whether the files are on this machine. Undefined where another machine has the model. */
  readonly downloaded: boolean | undefined
}

/**
 * Returns what a model's files say, or undefined where they would have to be downloaded. Loads nothing.
 * @throws {RouterError} `configuration` for a name that leads nowhere, or a folder that holds no usable model
 */
export function findModelFiles(
  name: string,
  places: ModelPlaces,
  dtype: string | undefined,
): ModelInfo | undefined {
  const location = locateModel(name, places)
  if (location.origin === 'cache' && missingModelFiles(location, dtype).length > 0) return undefined
  return resolveModel(name, places, dtype).info
}

/** Returns what the files say. */
export function describeFiles(info: ModelInfo): LocalModelInfo {
  const { defaultTemperature: _temperature, repetitionPenalty: _penalty, promptStyle: _style, ...rest } = info
  return { ...rest, size: formatSize(info.sizeBytes), downloaded: true }
}

/** Returns what the catalogue says of a model that is somewhere else. */
export function describeByName(name: string | undefined): LocalModelInfo {
  const known = name === undefined ? undefined : findModel(name)
  const sizeBytes = known?.downloadBytes || undefined
  return {
    name: known?.name ?? name ?? 'local',
    displayName: known?.displayName ?? name ?? 'local',
    size: formatSize(sizeBytes),
    sizeBytes,
    capabilities: known?.capabilities ?? ['streaming'],
    card: known?.card,
    license: known?.license ?? 'unknown: see the model’s own page',
    contextLength: undefined,
    dtype: undefined,
    kind: known?.kind,
    downloaded: undefined,
  }
}

function formatSize(bytes: number | undefined): string {
  if (bytes === undefined) return 'unknown'
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`
}
