/**
 * What the shown figures or receipts lack because it cannot be read at the moment.
 */
import type { Usage } from '../../dashboard/api-schemas.ts'

/** Renders the notice, or nothing where nothing is lacking. */
export function UnreadNotice({ unread }: { readonly unread: Usage['unread'] }) {
  if (unread.length === 0) return null
  const names = [
    ...new Set(unread.map(({ tenant, month }) => (month === null ? tenant : `${tenant} (${month})`))),
  ]
  return (
    <p class="notice danger" role="status">
      Some receipts cannot be read at the moment, and what is shown is without them:{' '}
      {names.slice(0, 5).join(', ')}
      {names.length > 5 ? ` and ${names.length - 5} more` : ''}. Load the page again in a minute.
    </p>
  )
}
