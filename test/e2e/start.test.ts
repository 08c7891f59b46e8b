/**
 * `npm start` as real processes: what it says, what it starts, and that nothing is left of it. Installing is left to
 * the tests of scripts/; here everything is installed already.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { signalGroup } from '../../scripts/stack/process-group.ts'
import { commandOf, descendantsOf, eventually, freePort, groupExists, isAlive } from '../support/processes.ts'
import { type Checkout, createCheckout } from '../support/stack-checkout.ts'
import { COMPLEX, createClient, SIMPLE } from '../support/stack-client.ts'

let checkout: Checkout
beforeAll(() => {
  checkout = createCheckout()
})
afterAll(() => checkout?.remove())

test('the first start writes .env, answers a greeting locally, and says what is missing for the rest', async () => {
  const started = await start()
  await started.line(/Wrote \.env/)
  await started.line(/ANTHROPIC_API_KEY is not set/)
  const client = createClient(started.url)
  // As a monitor does from the first second on: having heard "loading" must not delay the first answer.
  await eventually('the container is ready', async () => {
    await client.get('/readyz')
    return await fetch(`${started.containerUrl}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  })
  const greeting = await client.ask(SIMPLE)
  await started.line(/Local model Ulfberht-135M is ready/)
  expect(greeting.headers.get('x-router-route')).toBe('local')
  const refused = await client.ask(COMPLEX)
  expect([refused.status, refused.body]).toEqual([503, expect.stringContaining('ANTHROPIC_API_KEY')])
  await started.line(/^\[Router\] Using local model \(hybrid: simple task\) /)
  await started.stopsCleanly('SIGINT')
})

test('npm itself, told to end by a process manager, leaves nothing behind', async () => {
  const started = await start({}, ['npm', 'start'])
  await started.line(/Ulfberht Router is up/)
  const all = started.processes()
  process.kill(all[0] ?? 0, 'SIGTERM')
  await started.ended
  await eventually('every process is gone', () => !all.some(isAlive), 15_000)
})

test('a container that is killed is said, and the edge answers on', async () => {
  const started = await start()
  await started.line(/Local model .* is ready/)
  const containers = started.processes().filter((pid) => commandOf(pid).includes('inference/index.ts'))
  expect(containers).toHaveLength(1)
  for (const pid of containers) process.kill(pid, 'SIGKILL')
  await started.line(/The container ended \(SIGKILL\).* only Claude answers/)
  const reply = await createClient(started.url).ask(SIMPLE, { headers: { 'x-router-cache': 'skip' } })
  expect(reply.headers.get('x-router-fallback')).toMatch(/^(unavailable|error)$/)
  await started.stopsCleanly('SIGTERM')
})

test('claude_only in .env starts the edge alone', async () => {
  checkout.write('.env', 'LLM_STRATEGY=claude_only\nLOCAL_LLM_ENABLED=true\nALLOW_ANONYMOUS=true\n')
  const started = await start()
  await started.line(/no container, because LLM_STRATEGY is claude_only/)
  await started.line(/Ulfberht Router is up/)
  expect(JSON.parse((await createClient(started.url).get('/v1/router/status')).body)).toMatchObject({
    strategy: 'claude_only',
    local: { available: false },
  })
  await expect(fetch(`${started.containerUrl}/healthz`)).rejects.toThrow()
  await started.stopsCleanly('SIGINT')
})

test('a port that is taken is named with its setting, and nothing is started', async () => {
  const port = await freePort()
  const server = createServer().listen(port, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const started = await start({ ROUTER_PORT: String(port) })
  await started.line(/Port \d+ is taken by another program.*ROUTER_PORT=/)
  expect(await started.ended).toBe(1)
})

/** Runs what `npm start` runs, on free ports, as a person who has set nothing. */
async function start(
  settings: Readonly<Record<string, string>> = {},
  [file = '', ...args]: readonly string[] = [process.execPath, 'scripts/run.mjs', 'scripts/start.ts'],
) {
  const [router, inference] = [await freePort(), await freePort()]
  const { PATH = '', HOME = '' } = process.env
  const ports = { ROUTER_PORT: String(router), INFERENCE_PORT: String(inference) }
  const child = spawn(file, args, {
    cwd: checkout.folder,
    env: { PATH, HOME, ...ports, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const group = child.pid ?? 0
  const lines: string[] = []
  for (const output of [child.stdout, child.stderr])
    createInterface({ input: output }).on('line', (text) => lines.push(text))
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const processes = () => [group, ...descendantsOf(group)]
  // The edge leads a group of its own, which would outlive a test that failed.
  onTestFinished(() => {
    for (const pid of processes()) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
  return {
    url: `http://127.0.0.1:${router}`,
    containerUrl: `http://127.0.0.1:${inference}`,
    lines,
    ended,
    processes,
    line: (pattern: RegExp, from = 0) =>
      eventually(`a line like ${pattern}`, () => lines.slice(from).find((text) => pattern.test(text))),
    /** Signals the group as a terminal does; checks that every process goes by itself. */
    async stopsCleanly(signal: NodeJS.Signals): Promise<void> {
      const all = processes()
      expect(all.length).toBeGreaterThan(3)
      signalGroup(group, signal)
      await ended
      await eventually('every process is gone', () => !groupExists(group) && !all.some(isAlive), 15_000)
    },
  }
}
