/**
 * A whole router with its built pages on a port of this machine, for a browser: the app of the unit tests over HTTP, in
 * this process, so that a test can fill its ledger.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { execa } from 'execa'
import { getMimeType } from 'hono/utils/mime'
import type { Effects } from '../../edge/compose.ts'
import { createTestRouter } from './edge/router.ts'
import { ROOT } from './stack.ts'

const BUILT = join(ROOT, 'dist/pages')

export type PageServer = {
  readonly url: string
  /** Paths of the API that the pages asked for, oldest first. */
  readonly asked: string[]
  readonly close: () => Promise<void>
}

/** Builds the pages. */
export async function buildPages(): Promise<void> {
  await execa('node', ['scripts/build-pages.mjs'], { cwd: ROOT })
}

/** Serves a router. `now` in the effects is its clock. */
export async function servePages(
  settings: Readonly<Record<string, string>>,
  effects: Partial<Effects>,
): Promise<PageServer> {
  const router = await createTestRouter(settings, { readAsset: async (path) => asset(path), ...effects })
  const asked: string[] = []
  const answer = (request: Request) => {
    const { pathname, search } = new URL(request.url)
    if (pathname.startsWith('/assets/')) return asset(pathname)
    if (pathname.startsWith('/v1/')) asked.push(`${request.method} ${pathname}${search}`)
    return router.fetch(request)
  }
  return new Promise((resolve) => {
    const server = serve({ fetch: answer, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve({
        url: `http://127.0.0.1:${port}`,
        asked,
        close: () => new Promise((closed) => server.close(() => closed())),
      }),
    )
  })
}

function asset(path: string): Response {
  return new Response(readFileSync(join(BUILT, path)), {
    headers: { 'content-type': getMimeType(path) ?? 'application/octet-stream' },
  })
}
