/**
 * What the edge costs: the bundled Worker on real workerd beside a floor and beside itself without its ledger, in one run.
 *
 *   npm run bench:edge [-- --json] [--quick] [--rounds N] [--requests N] [--out FILE]
 *
 * Writes bench/edge-results.md, or the file of --out; with --quick or --json only the latter. Compare ratios of CPU: times on a
 * shared machine say little. Needs Linux.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { runEdgeBench } from './edge/edge-bench.ts'
import { edgeReport } from './edge/edge-report.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    requests: { type: 'string' },
    out: { type: 'string' },
  },
})
const count = z.coerce.number().int().min(1)
const folder = mkdtempSync(join(tmpdir(), 'bench-edge-'))
try {
  const outcome = await runEdgeBench(folder, {
    rounds: count.parse(values.rounds ?? (values.quick ? 1 : 3)),
    requests: count.parse(values.requests ?? (values.quick ? 300 : 1_500)),
    say: (line) => console.error(line),
  })
  const text = values.json ? JSON.stringify(outcome) : edgeReport(outcome)
  const own = values.quick || values.json ? undefined : join(import.meta.dirname, 'edge-results.md')
  const file = values.out ?? own
  if (file !== undefined) writeFileSync(file, `${text}\n`)
  console.log(text)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
