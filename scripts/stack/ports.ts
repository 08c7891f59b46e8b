/**
 * Says whether ports on loopback are free, who has the ones that are not, and which others are. Starts nothing,
 * reserves nothing.
 */
import { connect, createServer } from 'node:net'
import * as z from 'zod/mini'
import { type Ask, readAnswer } from '../ask.ts'

export type WantedPort = { readonly port: number; readonly setting: 'ROUTER_PORT' | 'INFERENCE_PORT' }

/** Why ports cannot be used, and what to do about it. */
export type PortProblem = { readonly cause: string; readonly fix: string }

type Holder = 'itself' | 'program' | { readonly code: string }

const HIGHEST_PORT = 65_535
/** Below it, systems ask for more rights. */
const LOWEST_FREE_PORT = 1_024

const healthSchema = z.looseObject({ status: z.literal('ok') })

/**
 * Checks ports of 127.0.0.1 that one program wants to listen on.
 * @param ask asks over HTTP, to tell a router that runs already from any other program
 * @returns undefined where all are free, else the cause and a command with ports that are
 */
export async function portProblem(wanted: readonly WantedPort[], ask: Ask): Promise<PortProblem | undefined> {
  const found = await Promise.all(
    wanted.map(async (one) => ({ ...one, holder: await holderOf(one.port, ask) })),
  )
  const taken = found.flatMap(({ holder, ...one }) => (holder === undefined ? [] : [{ ...one, holder }]))
  if (taken.length === 0) return undefined
  const others = await freePorts(taken, new Set(wanted.map(({ port }) => port)))
  const command = [...others.map(({ port, setting }) => `${setting}=${port}`), 'npm start'].join(' ')
  return { cause: taken.map(describe).join(' '), fix: fixFor(taken, command) }
}

/** Says whether the router, or its container, answers at an address of this machine. */
export async function runsAt(port: number, ask: Ask): Promise<boolean> {
  const answer = await ask(`http://127.0.0.1:${port}/healthz`)
  return answer?.status === 200 && readAnswer(answer, healthSchema) !== undefined
}

function describe({ port, setting, holder }: WantedPort & { readonly holder: Holder }): string {
  if (holder === 'program') return `Port ${port} is taken by another program.`
  if (holder !== 'itself') return `Port ${port} cannot be listened on (${holder.code}).`
  return setting === 'ROUTER_PORT'
    ? `This router runs already: http://127.0.0.1:${port} answers.`
    : `Port ${port} is taken by a container of this router that runs already.`
}

function fixFor(taken: readonly (WantedPort & { readonly holder: Holder })[], command: string): string {
  const holders = taken.map(({ holder }) => holder)
  if (holders.includes('itself')) return `Use that one, stop it, or start a second one: ${command}`
  if (holders.includes('program')) return `Stop that program, or choose a free port: ${command}`
  return `Choose another port: ${command}`
}

async function freePorts(
  taken: readonly WantedPort[],
  avoid: ReadonlySet<number>,
): Promise<readonly WantedPort[]> {
  const used = new Set(avoid)
  const found: WantedPort[] = []
  for (const { port, setting } of taken) {
    const free = await freePortAfter(port, used)
    if (free === undefined) continue
    used.add(free)
    found.push({ port: free, setting })
  }
  return found
}

async function freePortAfter(port: number, used: ReadonlySet<number>): Promise<number | undefined> {
  for (let next = Math.max(port + 1, LOWEST_FREE_PORT); next <= HIGHEST_PORT; next += 1)
    if (!used.has(next) && (await isFree(next))) return next
  return undefined
}

async function holderOf(port: number, ask: Ask): Promise<Holder | undefined> {
  // A listener on all addresses does not always keep a second one off loopback: ask before trying.
  const code = (await accepts(port)) ? 'EADDRINUSE' : await listenError(port)
  if (code === undefined) return undefined
  if (code !== 'EADDRINUSE') return { code }
  return (await runsAt(port, ask)) ? 'itself' : 'program'
}

async function isFree(port: number): Promise<boolean> {
  return !(await accepts(port)) && (await listenError(port)) === undefined
}

function accepts(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      settle(true)
    })
    socket.once('error', () => settle(false))
  })
}

function listenError(port: number): Promise<string | undefined> {
  return new Promise((settle) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => settle(undefined)))
  })
}
