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
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Returns the response of a page, status 200; `properties.children` is its content. */
export function renderPage(context: AppContext, properties: LayoutProperties): Response | Promise<Response> {
  return context.html(`<!doctype html>${<Layout {...properties} />}`, 200, PAGE_HEADERS)
}
