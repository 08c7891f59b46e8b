/**
 * Labelled requests for tests of training.
 */
import type { LabelledRequest } from '../../training/labelled-requests.ts'

/** Returns a row that asks one thing. */
export function labelledRow(
  source: string,
  complex: boolean,
  text: string,
  more: Partial<LabelledRequest> = {},
): LabelledRequest {
  return {
    id: text,
    source,
    complex,
    task: undefined,
    language: undefined,
    sensitive: undefined,
    partner: undefined,
    request: { model: 'auto', max_tokens: 256, messages: [{ role: 'user', content: text }] },
    ...more,
  }
}
