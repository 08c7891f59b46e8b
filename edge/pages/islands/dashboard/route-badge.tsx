/**
 * Who answered, as a badge.
 */
import type { KeptReceipt } from '../../../ledger/receipt-record.ts'

/** Renders the badge. */
export function RouteBadge({ route }: { readonly route: KeptReceipt['route'] }) {
  return <span class={`badge ${route ?? 'danger'}`}>{route ?? 'none'}</span>
}
