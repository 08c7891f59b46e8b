/** Starts the process of the stand-ins, asks for its report, ends it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import * as z from 'zod'
import { type UpstreamReport, upstreamReportSchema } from './upstream-report.ts'

export type FaultyUpstreams = {
  readonly claudeUrl: string
  readonly containerUrl: string
  readonly report: () => Promise<UpstreamReport>
  readonly stop: () => Promise<void>
}

const portsSchema = z.object({ claude: z.number(), container: z.number() })

/**
 * Returns once both listen.
 * @param share of requests that meet a fault, 0 to 1
 */
export async function startFaultyUpstreams(
  container: string,
  share: number,
  seed: number,
): Promise<FaultyUpstreams> {
  const child = fork(join(import.meta.dirname, 'faulty-upstream-process.ts'), [
    container,
    String(share),
    String(seed),
  ])
  const ended = once(child, 'exit')
  const next = async () => {
    const said = await Promise.race([once(child, 'message'), ended.then(() => undefined)])
    if (said === undefined) throw new Error('The stand-ins have ended.')
    return said[0]
  }
  const ports = portsSchema.parse(await next())
  return {
    claudeUrl: `http://127.0.0.1:${ports.claude}`,
    containerUrl: `http://127.0.0.1:${ports.container}`,
    async report() {
      const answer = next()
      child.send('report')
      return upstreamReportSchema.parse(await answer)
    },
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
