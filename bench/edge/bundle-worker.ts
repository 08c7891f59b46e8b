/** Bundles a Worker as `npm run check` and a deployment do. Runs nothing of it. */
import { readdirSync } from 'node:fs'
import { inPackage, runNode } from '../../scripts/run-command.ts'
import type { WorkerModule } from './worker-config.ts'

/**
 * Writes the bundle into a folder.
 * @returns its modules, the first of which is the entry
 * @throws with wrangler's own words if it cannot be bundled
 */
export async function bundleWorker(
  { script, config }: { readonly script: string | undefined; readonly config: string },
  compatibilityDate: string,
  folder: string,
): Promise<readonly WorkerModule[]> {
  const { code, output } = await runNode(
    [
      inPackage('wrangler/bin/wrangler.js'),
      'deploy',
      ...(script === undefined ? [] : [script]),
      ...['--config', config, '--compatibility-date', compatibilityDate],
      ...['--dry-run', '--minify', '--outdir', folder],
    ],
    {
      show: false,
      environment: {
        ...process.env,
        WRANGLER_SEND_METRICS: 'false',
        WRANGLER_WRITE_LOGS: 'false',
        CI: 'true',
      },
    },
  )
  if (code !== 0) throw new Error(`${script ?? config} cannot be bundled:\n${output}`)
  const files = readdirSync(folder)
  const entry = files.find((file) => file.endsWith('.js'))
  if (entry === undefined) throw new Error(`${script ?? config}: the bundle has no script.`)
  return [
    { name: entry, kind: 'esModule' },
    ...files.filter((file) => file.endsWith('.bin')).map((name) => ({ name, kind: 'data' as const })),
  ]
}
