/**
 * What the edge costs: the bundled Worker on real workerd beside a floor, beside itself without its ledger and, where it is
 * installed, beside another gateway, in one run.
 *
 *   npm run bench:edge [-- --json] [--quick] [--rounds N] [--requests N] [--memory N] [--out FILE]
 *   npm run bench:edge -- --check | --record
 *
 * Writes bench/edge-results.md, or the file of --out; with --quick or --json only the latter. Compare ratios of CPU: times on a
 * shared machine say little. --check is the short form for CI: it fails where a ratio to the floor is worse than the one in
 * bench/edge-ratios.json by more than a quarter, twice in a row; --record writes that file. Needs Linux.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { runEdgeBench } from './edge/edge-bench.ts'
import { edgeReport } from './edge/edge-report.ts'
import { recordedRatiosSchema } from './edge/ratio-check.ts'
import { checkRatios, measureRatios } from './edge/ratio-run.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    requests: { type: 'string' },
    memory: { type: 'string' },
    out: { type: 'string' },
  },
})
const RATIOS = join(import.meta.dirname, 'edge-ratios.json')
const count = z.coerce.number().int().min(1)
const folder = mkdtempSync(join(tmpdir(), 'bench-edge-'))
const say = (line: string) => console.error(line)
try {
  if (values.record) writeFileSync(RATIOS, `${JSON.stringify(await measureRatios(folder, say), null, 2)}\n`)
  else if (values.check) await check()
  else await measure()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const outcome = await runEdgeBench(folder, {
    rounds: count.parse(values.rounds ?? (values.quick ? 1 : 3)),
    requests: count.parse(values.requests ?? (values.quick ? 300 : 1_500)),
    loadRequests: count.parse(values.memory ?? (values.quick ? 500 : 10_000)),
    say,
  })
  const text = values.json ? JSON.stringify(outcome) : edgeReport(outcome)
  const own = values.quick || values.json ? undefined : join(import.meta.dirname, 'edge-results.md')
  const file = values.out ?? own
  if (file !== undefined) writeFileSync(file, `${text}\n`)
  console.log(text)
}

async function check(): Promise<void> {
  const recorded = recordedRatiosSchema.parse(JSON.parse(readFileSync(RATIOS, 'utf8')))
  const { worse, ratios } = await checkRatios(folder, recorded, say)
  for (const [name, ratio] of Object.entries(ratios))
    console.log(`${name}: ${ratio} times the floor, recorded ${recorded[name] ?? 'nothing'}`)
  for (const { name, recorded: before, found } of worse)
    console.error(`${name} takes ${found} times the floor's processor time; recorded are ${before}.`)
  if (worse.length > 0) process.exitCode = 1
}
