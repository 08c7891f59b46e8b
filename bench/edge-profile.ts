/**
 * Where the edge's own time goes: its app in this process, profiled kind by kind, without sockets and without workerd.
 *
 *   npm run bench:edge-profile [-- --top N] [--requests N]
 *
 * Prints Markdown; bench/edge-profile.md keeps what was found with it.
 */
import { Session } from 'node:inspector/promises'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { bundleInProcessEdge } from './edge/bundle-in-process.ts'
import { selfTimes } from './edge/self-times.ts'
import { KINDS } from './edge/workload.ts'
import { markdownTable } from './markdown-table.ts'

const { values } = parseArgs({
  options: {
    top: { type: 'string', default: '12' },
    requests: { type: 'string', default: '3000' },
    kind: { type: 'string' },
  },
})
const count = z.coerce.number().int().min(1)
const top = count.parse(values.top)
const requests = count.parse(values.requests)

const ask = await bundleInProcessEdge()
const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.setSamplingInterval', { interval: 200 })
let number = 0
for (const kind of KINDS.filter(({ name }) => values.kind === undefined || name === values.kind)) {
  const times = Math.ceil(requests * kind.share)
  // Before anything is measured, so that code is compiled and caches hold what they can.
  await askTimes(kind, times)
  const used = await askTimes(kind, times)
  await session.post('Profiler.start')
  await askTimes(kind, times)
  const { profile } = await session.post('Profiler.stop')
  const rows = selfTimes(profile)
    .slice(0, top)
    .map(({ name, share }) => [name, `${(100 * share).toFixed(1)} %`])
  const each = used / times / kind.unitsEach
  console.log(`## ${kind.name}: ${each.toFixed(kind.unit === 'chunk' ? 1 : 0)} µs a ${kind.unit}\n`)
  console.log(`${markdownTable(['function', 'share'], rows)}\n`)
}
session.disconnect()

/** Returns the processor time that they took, µs. */
async function askTimes(kind: (typeof KINDS)[number], times: number): Promise<number> {
  const before = process.cpuUsage()
  for (let asked = 0; asked < times; asked += 1) {
    number += 1
    await ask(kind, number)
  }
  const { user, system } = process.cpuUsage(before)
  return user + system
}
