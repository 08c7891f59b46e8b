/**
 * Claims ports on loopback for this start, so that two starts at once do not share one; says who has those that are taken,
 * and which others are free. Listens on nothing.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import getPort, { portNumbers } from 'get-port'
import * as z from 'zod/mini'
import { type Ask, readAnswer } from '../ask.ts'
import { claim } from '../bootstrap/lock.mjs'

export type WantedPort = { readonly port: number; readonly setting: 'ROUTER_PORT' | 'INFERENCE_PORT' }

/** Why ports cannot be used, and what to do about it. */
export type PortProblem = { readonly cause: string; readonly fix: string }

const HOST = '127.0.0.1'
const HIGHEST_PORT = 65_535
/** Below it, systems ask for more rights. */
const LOWEST_FREE_PORT = 1_024

const healthSchema = z.looseObject({ status: z.literal('ok') })

/**
 * Claims ports of 127.0.0.1 for as long as this process runs.
 * @param ask asks over HTTP, to tell a router that runs already from any other program
 * @returns undefined where all are free and ours, else the cause and a command with ports that are
 */
export async function portProblem(wanted: readonly WantedPort[], ask: Ask): Promise<PortProblem | undefined> {
  const causes: string[] = []
  const others: string[] = []
  const exclude = wanted.map(({ port }) => port)
  for (const { port, setting } of wanted) {
    const owner = claim(join(tmpdir(), `ulfberht-router-port-${port}`))
    const starting = owner === process.pid ? undefined : owner
    if (starting === undefined && (await isFree(port))) continue
    causes.push(
      (await runsAt(port, ask))
        ? `Port ${port} is taken by this router, which runs already: http://${HOST}:${port} answers.`
        : starting === undefined
          ? `Port ${port} is taken by another program, or not allowed.`
          : `Port ${port} is taken by this router, which is just being started.`,
    )
    const range = portNumbers(
      Math.min(Math.max(port + 1, LOWEST_FREE_PORT), HIGHEST_PORT - 100),
      HIGHEST_PORT,
    )
    const free = await getPort({ port: range, host: HOST, exclude })
    exclude.push(free)
    others.push(`${setting}=${free}`)
  }
  if (causes.length === 0) return undefined
  return {
    cause: causes.join(' '),
    fix: `Stop what has it, or take other ports: ${others.join(' ')} npm start`,
  }
}

/** Says whether the router, or its container, answers at an address of this machine. */
export async function runsAt(port: number, ask: Ask): Promise<boolean> {
  const answer = await ask(`http://${HOST}:${port}/healthz`)
  return answer?.status === 200 && readAnswer(answer, healthSchema) !== undefined
}

async function isFree(port: number): Promise<boolean> {
  try {
    return (await getPort({ port, host: HOST })) === port
  } catch {
    return false
  }
}
