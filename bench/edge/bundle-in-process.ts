/** Bundles the edge for this process: Node runs no JSX, of which the edge's pages are made. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { ClassifierModel } from '../../edge/routing/classifier/classifier-model.ts'
import { readShippedClassifier } from '../../llm/shipped-classifier.ts'
import { ROOT } from '../../scripts/run-command.ts'
import type { AskInProcess } from './workload.ts'

type Bundled = { readonly createInProcessEdge: (model: ClassifierModel) => Promise<AskInProcess> }

/** Returns what asks the edge. */
export async function bundleInProcessEdge(): Promise<AskInProcess> {
  // Inside the repository, so that packages are found.
  const folder = mkdtempSync(join(ROOT, 'node_modules', '.bench-edge-'))
  try {
    const outfile = join(folder, 'edge.mjs')
    await build({
      entryPoints: [join(import.meta.dirname, 'workers/in-process.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      jsx: 'automatic',
      jsxImportSource: 'hono/jsx',
      logLevel: 'error',
    })
    const bundled: Bundled = await import(pathToFileURL(outfile).href)
    return await bundled.createInProcessEdge(readShippedClassifier())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
