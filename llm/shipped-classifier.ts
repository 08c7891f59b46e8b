/**
 * The classifier's weights as Node reads them; the Worker has them in its bundle.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ClassifierModel, decodeClassifier } from '../edge/routing/classifier/classifier-model.ts'

/** Path of the weights that the router ships with. */
export const SHIPPED_WEIGHTS = join(import.meta.dirname, '../edge/routing/classifier/weights.bin')

/** Returns the classifier that the router ships with. */
export function readShippedClassifier(): ClassifierModel {
  return decodeClassifier(readFileSync(SHIPPED_WEIGHTS))
}
