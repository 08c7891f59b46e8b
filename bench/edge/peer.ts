/**
 * Another gateway beside the router: Portkey's, on Node, from npm. Installed by whoever wants it with `npm ci` in bench/peers; it
 * is no part of the product.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import getPort from 'get-port'
import { ROOT } from '../../scripts/run-command.ts'
import type { Contender } from './measure-edge.ts'

export const PEER = 'Portkey on Node'

const START = join(ROOT, 'bench/peers/node_modules/@portkey-ai/gateway/build/start-server.js')
const LONGEST_START_MS = 60_000

/** Returns it once it answers, or undefined where it is not installed. @throws if it does not answer */
export async function startPeer(
  upstreamPort: number,
): Promise<(Contender & { readonly stop: () => Promise<void> }) | undefined> {
  if (!existsSync(START)) return undefined
  const port = await getPort({ host: '127.0.0.1' })
  const child = execa(process.execPath, [START, '--headless', `--port=${port}`], {
    reject: false,
    stdio: 'ignore',
  })
  const stop = async () => {
    child.kill('SIGKILL')
    await child
  }
  const until = performance.now() + LONGEST_START_MS
  while (!(await answers(port))) {
    if (performance.now() > until) {
      await stop()
      throw new Error(`${PEER} does not answer.`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const headers = {
    'x-portkey-provider': 'anthropic',
    'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
  }
  // It answers the upstream's stream with 500.
  return { name: PEER, port, pid: child.pid, isRouter: false, unable: ['stream'], headers, stop }
}

async function answers(port: number): Promise<boolean> {
  try {
    await (await fetch(`http://127.0.0.1:${port}/`)).arrayBuffer()
    return true
  } catch {
    return false
  }
}
