/** Real listeners on loopback; what answers over HTTP is a stand-in. */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { claimOf, claimPorts, portProblem, runsAt } from '../../scripts/stack/ports.ts'

const silent = async () => undefined
const router = async () => ({ status: 200, body: '{"status":"ok"}' })

test('free ports are no problem', async () => {
  const port = await listen()
  await port.close()
  expect(await portProblem([{ port: port.number, setting: 'ROUTER_PORT' }], silent)).toBeUndefined()
})

test('names a taken port and suggests one that can be listened on', async () => {
  const { number: port } = await listen()
  const problem = await portProblem([{ port, setting: 'ROUTER_PORT' }], silent)
  expect(problem?.cause).toBe(`Port ${port} is taken by another program.`)
  const suggested = Number(/ ROUTER_PORT=(\d+) npm start$/.exec(problem?.fix ?? '')?.[1])
  expect(suggested).toBeGreaterThan(port)
  await (await listen(suggested)).close()
})

test('suggests no port that is taken as well', async () => {
  const [first, next] = await neighbours()
  const wanted = [
    { port: first, setting: 'ROUTER_PORT' },
    { port: next, setting: 'INFERENCE_PORT' },
  ] as const
  const fix = (await portProblem(wanted, silent))?.fix ?? ''
  const [, one, two] = /ROUTER_PORT=(\d+) INFERENCE_PORT=(\d+) npm start$/.exec(fix) ?? []
  expect(new Set([first, next, Number(one), Number(two)]).size).toBe(4)
})

test('knows the router that runs already', async () => {
  const { number: port } = await listen()
  const problem = await portProblem([{ port, setting: 'ROUTER_PORT' }], router)
  expect(problem?.cause).toBe(`This router runs already: http://127.0.0.1:${port} answers.`)
  expect(problem?.fix).toMatch(/^Use or stop it, or choose a free port: ROUTER_PORT=\d+ npm start$/)
})

test('two starts cannot have one port, not even before either of them listens', async () => {
  const free = await listen()
  await free.close()
  const wanted = [{ port: free.number, setting: 'ROUTER_PORT' }] as const
  onTestFinished(() => rmSync(claimOf(free.number), { force: true }))
  expect(await claimPorts(wanted, silent)).toBeUndefined()
  const problem = await claimPorts(wanted, silent)
  expect(problem?.cause).toBe(`Port ${free.number} is claimed by another npm start (process ${process.pid}).`)
  expect(problem?.fix).toMatch(/ROUTER_PORT=\d+ npm start$/)
})

test('knows a container that runs already', async () => {
  const { number: port } = await listen()
  const problem = await portProblem([{ port, setting: 'INFERENCE_PORT' }], router)
  expect(problem?.cause).toBe(`Port ${port} is taken by a container of this router that runs already.`)
})

test.each([
  ['nothing', undefined],
  ['another page', { status: 200, body: '<html>' }],
  ['another status', { status: 200, body: '{"status":"degraded"}' }],
  ['an error', { status: 404, body: '{"status":"ok"}' }],
])('takes %s for no router', async (_what, answer) => {
  expect(await runsAt(1, async () => answer)).toBe(false)
})

async function listen(port = 0) {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port.')
  return {
    number: address.port,
    async close() {
      server.close()
      await once(server, 'close')
    },
  }
}

/** Two ports in a row, both taken: the first one's successor is no suggestion. */
async function neighbours(): Promise<[number, number]> {
  for (;;) {
    const { number } = await listen()
    const next = await listen(number + 1).catch(() => undefined)
    if (next !== undefined) return [number, next.number]
  }
}
