/** Starts what stands in Claude's place and ends it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import * as z from 'zod'

export type Upstream = { readonly port: number; readonly stop: () => Promise<void> }

/** Returns once it says its port. @throws if it ends before */
export async function startUpstream(): Promise<Upstream> {
  const child = fork(join(import.meta.dirname, 'upstream-process.ts'))
  const ended = once(child, 'exit')
  const said = await Promise.race([once(child, 'message'), ended.then(() => undefined)])
  if (said === undefined) throw new Error('The upstream does not start.')
  return {
    port: z.number().parse(said[0]),
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
