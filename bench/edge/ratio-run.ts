/** The short form for CI: measures ratios to the floor, and again before it says that one is worse. Judges by `ratio-check.ts`. */

import { ROUTER_KEY, startContenders } from './contenders.ts'
import { CONNECTIONS } from './edge-bench.ts'
import { measureEdge } from './measure-edge.ts'
import { type RecordedRatios, ratiosToFloor, type Worse, worseThanRecorded } from './ratio-check.ts'
import { DIRECT } from './report-edge.ts'
import { VARIANTS } from './variants.ts'
import { KINDS } from './workload.ts'

/** Many short rounds: what else the machine does hits some of them, and the median is not moved. */
const ROUNDS = 5
const REQUESTS = 80
const WARM_UP = 300
const TRIES = 2
const MEASURED = ['floor', 'without ledger', 'as shipped']

/** Returns the ratios of one measurement. */
export async function measureRatios(folder: string, say: (line: string) => void): Promise<RecordedRatios> {
  return (await tryRatios(folder, say, (ratios) => ({ result: ratios }))).result
}

/** Returns what was worse than recorded in every one of some measurements, and the ratios of the last one. */
export async function checkRatios(
  folder: string,
  recorded: RecordedRatios,
  say: (line: string) => void,
): Promise<{ readonly worse: readonly Worse[]; readonly ratios: RecordedRatios }> {
  let worse: readonly Worse[] | undefined
  return (
    await tryRatios(folder, say, (ratios, tries) => {
      const now = worseThanRecorded(ratios, recorded)
      worse = worse === undefined ? now : now.filter(({ name }) => worse?.some((each) => each.name === name))
      if (worse.length === 0 || tries === TRIES) return { result: { worse, ratios } }
      say(`Worse than recorded, measured again: ${worse.map(({ name }) => name).join('; ')}`)
      return undefined
    })
  ).result
}

async function tryRatios<T>(
  folder: string,
  say: (line: string) => void,
  judge: (ratios: RecordedRatios, tries: number) => { readonly result: T } | undefined,
): Promise<{ readonly result: T }> {
  const variants = VARIANTS.filter(({ name }) => MEASURED.includes(name))
  const { all, stop } = await startContenders(folder, variants, { withPeer: false, say })
  const contenders = all.filter(({ name }) => name !== DIRECT)
  const plan = {
    kinds: KINDS.filter(({ name }) => name !== 'huge body'),
    rounds: ROUNDS,
    requests: REQUESTS,
    connections: CONNECTIONS,
    headers: { 'x-api-key': ROUTER_KEY },
  }
  try {
    for (let tries = 1; ; tries += 1) {
      const { measured } = await measureEdge(contenders, { ...plan, warmUp: tries === 1 ? WARM_UP : 0 }, say)
      const judged = judge(ratiosToFloor(measured), tries)
      if (judged !== undefined) return judged
    }
  } finally {
    await stop()
  }
}
