/**
 * Answers with a page: the document and the headers that hold for all of them. Knows no page's content.
 */
import type { AppContext } from '../http/context.ts'
import { Layout, type LayoutProperties } from './layout.tsx'

/** Nothing inline, nothing from elsewhere, no frame around it. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const PAGE_HEADERS = {
  'content-security-policy': PAGE_POLICY,
  'x-frame-options': 'DENY',
  // Not no-referrer: a form's Origin, by which the log-in is checked, would be null.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Returns the response of a page; `properties.children` is its content. */
export function renderPage(
  context: AppContext,
  properties: LayoutProperties,
  status: 200 | 401 | 429 = 200,
): Response | Promise<Response> {
  return context.html(`<!doctype html>${<Layout {...properties} />}`, status, PAGE_HEADERS)
}
