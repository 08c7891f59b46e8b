/**
 * Says whether a browser sent a request from a page of this router itself: what a cookie may be trusted with depends on
 * it. Knows no cookie.
 */

/** Sent by the dashboard's scripts. No form and no link can set it, and no page of another origin may. */
export const DASHBOARD_HEADER = 'x-router-dashboard'

/**
 * Returns whether the request can have been sent by nobody but a page of this origin, or by the person at the browser
 * where it only reads. What a browser says of the sender (`Sec-Fetch-Site`) goes before what addresses look like.
 */
export function isSameOrigin(request: Request): boolean {
  const reads = request.method === 'GET' || request.method === 'HEAD'
  const site = request.headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin' || (reads && site === 'none')
  const origin = request.headers.get('origin')
  if (origin === null) return reads
  return origin === new URL(request.url).origin
}

/** Returns whether the request may change something by the word of a cookie: sent by the dashboard's own script. */
export function isOwnScript(request: Request): boolean {
  return request.headers.has(DASHBOARD_HEADER) && isSameOrigin(request)
}
