/**
 * What a person sees: the landing answer and the API documentation, rendered from the OpenAPI document. No script, no
 * foreign host: the pages work behind any policy and offline.
 */
import { VERSION } from '../version.ts'
import type { AppContext } from './context.ts'
import { createOpenApiDocument, type OpenApiDocument } from './openapi.ts'
import type { Operation } from './openapi-parts.ts'

const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

export type Pages = Readonly<Record<'landing' | 'openApi' | 'docs', (context: AppContext) => Response>>

/**
 * Returns the handlers of `/`, `/openapi.json` and `/docs`.
 * @param paths asked for when the first of them is called
 */
export function createPages(paths: () => OpenApiDocument['paths']): Pages {
  let made: OpenApiDocument | undefined
  const openApiDocument = () => {
    made ??= createOpenApiDocument(paths())
    return made
  }
  return {
    landing: (context) =>
      context.json({
        name: 'Ulfberht Router',
        version: VERSION,
        documentation: '/docs',
        endpoints: Object.keys(paths()),
      }),
    openApi: (context) => context.json(openApiDocument()),
    docs: (context) =>
      context.html(renderDocs(openApiDocument(), new URL(context.req.url).origin), 200, {
        'content-security-policy': PAGE_POLICY,
      }),
  }
}

function renderDocs(document: OpenApiDocument, origin: string): string {
  const sections = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => renderOperation(method, path, operation)),
  )
  const curl = `curl ${origin}/v1/messages -H 'content-type: application/json' -H 'x-api-key: YOUR_KEY' \\
  -d '{"model":"auto","max_tokens":100,"messages":[{"role":"user","content":"Hello!"}]}'`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(document.info.title)}: API</title><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(document.info.title)} <small>${escapeHtml(document.info.version)}</small></h1>
<p>${escapeHtml(document.info.description)}</p>
<p>Credentials: <code>Authorization: Bearer …</code> or <code>x-api-key</code>. The same document for machines: <a href="/openapi.json">openapi.json</a>.</p>
<pre>${escapeHtml(curl)}</pre>
${sections.join('\n')}
<h2>Schemas</h2>${renderSchemas(document.components)}
</main></body></html>`
}

function renderOperation(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map((parameter) => renderParameter(parameter)).join('')
  return `<section><h2><span class="method">${escapeHtml(method.toUpperCase())}</span> <code>${escapeHtml(path)}</code></h2>
<p><strong>${escapeHtml(operation.summary)}.</strong> ${escapeHtml(operation.description)}</p>
${parameters === '' ? '' : `<table><tbody>${parameters}</tbody></table>`}
${operation.requestBody === undefined ? '' : details('Request body', operation.requestBody)}
${details('Responses', operation.responses)}</section>`
}

function renderParameter(parameter: unknown): string {
  if (typeof parameter !== 'object' || parameter === null) return ''
  const read = (name: string) => String(Reflect.get(parameter, name) ?? '')
  return `<tr><td><code>${escapeHtml(read('name'))}</code></td><td>${escapeHtml(read('in'))}</td><td>${escapeHtml(read('description'))}</td></tr>`
}

function renderSchemas(components: unknown): string {
  const schemas =
    typeof components === 'object' && components !== null ? Reflect.get(components, 'schemas') : undefined
  return Object.entries(schemas ?? {})
    .map(([name, schema]) => details(name, schema))
    .join('\n')
}

function details(title: string, value: unknown): string {
  return `<details><summary>${escapeHtml(title)}</summary><pre>${escapeHtml(JSON.stringify(value, null, 2))}</pre></details>`
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:56rem;margin:0 auto;padding:1.5rem}
h1 small{font-weight:400;opacity:.6}section{border-top:1px solid #8884;margin-top:1.5rem}h2{font-size:1.1rem}.method{font-size:.8rem;border:1px solid #8888;border-radius:.3rem;padding:.1rem .4rem}
pre{overflow:auto;background:#8881;padding:.75rem;border-radius:.4rem;font-size:.85rem}td{padding:.15rem .75rem .15rem 0;vertical-align:top}summary{cursor:pointer}`
