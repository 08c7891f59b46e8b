/**
 * The page's address as state: the filter stands in it and nowhere else, so that the back button, links and reloads do
 * what they say.
 */
import { useEffect, useState } from 'hono/jsx/dom'
import { type Filter, type ReadFilter, readFilter, writeFilter } from '../../dashboard/filter.ts'

/** The visitor's own time zone. */
export const HOME_TIMEZONE = Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC'

export type Address = ReadFilter & {
  /** Where a list continues, or undefined for its beginning. */
  readonly cursor: string | undefined
  /** Goes to another filter, at the beginning of a list. */
  readonly setFilter: (filter: Filter) => void
}

/** Returns the address and how to change it. */
export function useAddress(): Address {
  const [search, setSearch] = useState(location.search)
  useEffect(() => {
    const follow = () => setSearch(location.search)
    addEventListener('popstate', follow)
    return () => removeEventListener('popstate', follow)
  }, [])
  const query = new URLSearchParams(search)
  const read = readFilter(query, HOME_TIMEZONE)
  const kept = writeFilter(read.filter, HOME_TIMEZONE)
  useEffect(() => {
    // The other views keep the filter.
    for (const link of document.querySelectorAll<HTMLAnchorElement>('#views a')) link.search = kept
  }, [kept])
  return {
    ...read,
    cursor: query.get('cursor') ?? undefined,
    setFilter(filter) {
      const written = writeFilter(filter, HOME_TIMEZONE)
      history.pushState(null, '', `${location.pathname}${written === '' ? '' : `?${written}`}`)
      setSearch(location.search)
    },
  }
}

/** Returns the address of the list of receipts under a filter, or of its continuation. */
export function requestsPath(filter: Filter, cursor?: string): string {
  const query = new URLSearchParams(writeFilter(filter, HOME_TIMEZONE))
  if (cursor !== undefined) query.set('cursor', cursor)
  const text = query.toString()
  return `/dashboard/requests${text === '' ? '' : `?${text}`}`
}

/** Returns the address of one receipt. */
export function receiptPath(id: string): string {
  return `/dashboard/requests/${encodeURIComponent(id)}`
}
