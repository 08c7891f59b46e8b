/**
 * The router under load with faults: workerd, the real container, and stand-ins that misbehave in a share of the requests.
 *
 *   npm run bench:faults [-- --requests 1000] [--share 0.01] [--seed N]
 *   npm run bench:faults -- --soak 10m [--rate 20]      a steady load instead; also 90s or 4h
 *
 * Fails where something that must hold does not: docs/faults.md says what. Times are reported, never judged. Memory and sockets
 * need Linux.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { runBurst } from './faults/burst.ts'
import { runSoak } from './faults/soak.ts'
import { startStackUnderLoad } from './faults/stack-under-load.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000' },
    share: { type: 'string', default: '0.01' },
    seed: { type: 'string', default: '1' },
    rate: { type: 'string', default: '20' },
    soak: { type: 'string' },
  },
})
const seed = z.coerce.number().int().parse(values.seed)
const share = z.coerce.number().min(0).max(1).parse(values.share)
const perSecond = z.coerce.number().min(0.1).max(1_000).parse(values.rate)
const requests = z.coerce.number().int().min(1).max(100_000).parse(values.requests)
const durationMs = values.soak === undefined ? undefined : readDuration(values.soak)
const say = (line: string) => console.error(line)
const folder = mkdtempSync(join(tmpdir(), 'bench-faults-'))
try {
  say('Bundling, and starting the container …')
  const stack = await startStackUnderLoad(folder, { share, seed })
  try {
    const { figures, verdicts } =
      durationMs === undefined
        ? await runBurst(stack, requests, seed)
        : await runSoak(stack, { durationMs, perSecond, seed, say })
    console.log(figures)
    console.log('')
    for (const { what, holds, seen } of verdicts) console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}: ${seen}`)
    if (!verdicts.every(({ holds }) => holds)) process.exitCode = 1
  } finally {
    await stack.stop()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Milliseconds of `90s`, `10m` or `4h`. */
function readDuration(text: string): number {
  const [, number, unit = ''] = /^(\d+)(s|m|h)$/.exec(text) ?? []
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000 }[unit]
  if (number === undefined || unitMs === undefined)
    throw new Error('--soak takes a time such as 90s, 10m or 4h.')
  return Number(number) * unitMs
}
