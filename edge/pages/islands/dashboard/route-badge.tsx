/**
 * Who answered, as a badge.
 */
import type { Receipt } from '../../dashboard/api-schemas.ts'

/** Renders the badge. */
export function RouteBadge({ route }: { readonly route: Receipt['route'] }) {
  return <span class={`badge ${route ?? 'danger'}`}>{route ?? 'none'}</span>
}
