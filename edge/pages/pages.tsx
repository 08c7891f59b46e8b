/**
 * The handlers of the pages that everybody may see: the playground (JSON for API clients), the documentation and its
 * document.
 */
import { accepts } from 'hono/accepts'
import type { AppContext } from '../http/context.ts'
import { createOpenApiDocument, type OpenApiDocument } from '../http/openapi.ts'
import { VERSION } from '../version.ts'
import type { AssetNames } from './assets.ts'
import { DocsPage } from './docs/docs-page.tsx'
import { PlaygroundPage } from './playground/playground-page.tsx'
import { renderPage } from './render-page.tsx'

type Handle = (context: AppContext) => Response | Promise<Response>
export type Pages = Readonly<Record<'landing' | 'openApi' | 'docs', Handle>>

/**
 * Returns the handlers of `/`, `/openapi.json` and `/docs`.
 * @param paths asked for when the first of them is called
 * @param assetNames asked for with each page
 */
export function createPages(
  paths: () => OpenApiDocument['paths'],
  assetNames: () => Promise<AssetNames>,
): Pages {
  let made: OpenApiDocument | undefined
  const openApiDocument = () => {
    made ??= createOpenApiDocument(paths())
    return made
  }
  return {
    async landing(context) {
      context.header('vary', 'accept')
      if (!wantsHtml(context))
        return context.json({
          name: 'Ulfberht Router',
          version: VERSION,
          documentation: '/docs',
          endpoints: Object.keys(paths()),
        })
      return renderPage(context, {
        title: 'Playground',
        section: 'playground',
        island: 'playground',
        assets: await assetNames(),
        children: <PlaygroundPage />,
      })
    },
    openApi: (context) => context.json(openApiDocument()),
    async docs(context) {
      const { origin } = new URL(context.req.url)
      return renderPage(context, {
        title: 'API',
        section: 'docs',
        assets: await assetNames(),
        children: <DocsPage document={openApiDocument()} origin={origin} />,
      })
    },
  }
}

/** Browsers name HTML; API clients name JSON or take anything. */
function wantsHtml(context: AppContext): boolean {
  const supports = ['application/json', 'text/html']
  return accepts(context, { header: 'Accept', supports, default: 'application/json' }) === 'text/html'
}
