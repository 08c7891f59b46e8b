/**
 * What is said in the place of an answer that the model declined to give.
 */
import { property } from './property.ts'

/** Returns why the model declined, where it did: Claude's explanation, or a sentence in its place; else null. */
export function refusalText(stopReason: string | null | undefined, stopDetails: unknown): string | null {
  if (stopReason !== 'refusal') return null
  const explanation = property(stopDetails, 'explanation')
  return typeof explanation === 'string' && explanation !== ''
    ? explanation
    : 'The model declined to answer this request.'
}
