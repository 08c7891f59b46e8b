/**
 * Claims ports of loopback for one `npm start`; says who has the ones that are not free, and which others are.
 * Starts nothing.
 */
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import getPort, { portNumbers } from 'get-port'
import * as z from 'zod/mini'
import { type Ask, readAnswer } from '../ask.ts'
import { tryLock } from '../bootstrap/lock.mjs'

export type WantedPort = { readonly port: number; readonly setting: 'ROUTER_PORT' | 'INFERENCE_PORT' }

/** Why ports cannot be used, and what to do about it. */
export type PortProblem = { readonly cause: string; readonly fix: string }

const HIGHEST_PORT = 65_535
/** Below it, systems ask for more rights. */
const LOWEST_FREE_PORT = 1_024

const healthSchema = z.looseObject({ status: z.literal('ok') })

/**
 * Keeps other starts off these ports until this process ends: between "is free" and the child that listens there is
 * time enough for another checkout to find the same port free.
 * @returns undefined where all are claimed and free
 */
export async function claimPorts(wanted: readonly WantedPort[], ask: Ask): Promise<PortProblem | undefined> {
  const problem = await portProblem(wanted, ask)
  if (problem !== undefined) return problem
  const releases: (() => void)[] = []
  for (const { port, setting } of wanted) {
    const { release, owner } = tryLock(claimOf(port))
    if (release !== undefined) {
      releases.push(release)
      continue
    }
    for (const undo of releases) undo()
    const holder = owner === undefined ? 'another npm start' : `another npm start (process ${owner})`
    return {
      cause: `Port ${port} is claimed by ${holder}.`,
      fix: `Use or stop that one, or choose a free port: ${await command([{ port, setting }], wanted)}`,
    }
  }
  return undefined
}

/** Returns the lock file of a port, the same in every checkout of this user. */
export function claimOf(port: number): string {
  return join(tmpdir(), `ulfberht-router-${userInfo().uid}-port-${port}.lock`)
}

/**
 * Checks ports of 127.0.0.1 that one program wants to listen on.
 * @param ask asks over HTTP, to tell a router that runs already from any other program
 * @returns undefined where all are free, else the cause and a command with ports that are
 */
export async function portProblem(wanted: readonly WantedPort[], ask: Ask): Promise<PortProblem | undefined> {
  const looked = await Promise.all(
    wanted.map(async (one) => ({ ...one, error: await listenError(one.port) })),
  )
  const taken = looked.filter(({ error }) => error !== undefined)
  if (taken.length === 0) return undefined
  const causes = await Promise.all(
    taken.map(async ({ port, setting, error }) => {
      if (error !== 'EADDRINUSE') return `Port ${port} cannot be listened on (${error}).`
      if (!(await runsAt(port, ask))) return `Port ${port} is taken by another program.`
      return setting === 'ROUTER_PORT'
        ? `This router runs already: http://127.0.0.1:${port} answers.`
        : `Port ${port} is taken by a container of this router that runs already.`
    }),
  )
  return {
    cause: causes.join(' '),
    fix: `Use or stop it, or choose a free port: ${await command(taken, wanted)}`,
  }
}

/** Says whether the router, or its container, answers at an address of this machine. */
export async function runsAt(port: number, ask: Ask): Promise<boolean> {
  const answer = await ask(`http://127.0.0.1:${port}/healthz`)
  return answer?.status === 200 && readAnswer(answer, healthSchema) !== undefined
}

async function command(taken: readonly WantedPort[], wanted: readonly WantedPort[]): Promise<string> {
  const exclude = wanted.map(({ port }) => port)
  let assignments = ''
  for (const { port, setting } of taken) {
    const next = Math.min(Math.max(port + 1, LOWEST_FREE_PORT), HIGHEST_PORT)
    const free = await getPort({ port: portNumbers(next, HIGHEST_PORT), exclude })
    exclude.push(free)
    assignments += `${setting}=${free} `
  }
  return `${assignments}npm start`
}

async function listenError(port: number): Promise<string | undefined> {
  // A listener on all addresses does not always keep a second one off loopback: ask before trying.
  if (await accepts(port)) return 'EADDRINUSE'
  return new Promise((settle) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? 'unknown'))
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => settle(undefined)))
  })
}

function accepts(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => settle(true)).once('error', () => settle(false))
    socket.once('connect', () => socket.destroy())
  })
}
