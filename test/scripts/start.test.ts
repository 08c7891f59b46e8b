/** `npm start` as a process with the real wrangler, in a copy whose edge and container are stand-ins. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT } from './clone.ts'

const EDGE = `
import { DurableObject } from 'cloudflare:workers'
export class RouterState extends DurableObject {}
export class Receipts extends DurableObject {}
export class Account extends DurableObject {}
export class StoredResponses extends DurableObject {}
export default {
  fetch: (request, env) => {
    console.error('[Router] Using stand-in')
    return Response.json({ url: env.LOCAL_LLM_URL, strategy: env.LLM_STRATEGY, key: env.ANTHROPIC_API_KEY })
  },
}
`
const CONTAINER = `
import { createServer } from 'node:http'
createServer((_request, response) => response.end('{"model":"Stand-in"}')).listen(Number(process.env.PORT), process.env.HOST)
console.log('[LocalLLM] key seen: ' + (process.env.ANTHROPIC_API_KEY !== undefined))
process.on('SIGTERM', () => process.exit(0))
`

test('starts both, hands settings over by file, says who is ready and ends without a trace', async () => {
  const folder = copyOfRepository()
  const [router, inference] = [await freePort(), await freePort()]
  const key = 'sk-ant-$canary-"quoted"-`\\'
  const run = start(folder, {
    ROUTER_PORT: `${router}`,
    INFERENCE_PORT: `${inference}`,
    ANTHROPIC_API_KEY: key,
  })
  await run.has('Local model Stand-in is ready')
  expect(run.output()).toContain('Wrote .env from .env.example')
  expect(run.output()).toContain('[LocalLLM] key seen: false')
  const answer = await fetch(`http://127.0.0.1:${router}/`).then((response) => response.json())
  expect(answer).toEqual({ url: `http://127.0.0.1:${inference}`, strategy: 'hybrid', key })
  await run.has('\n[Router] Using stand-in')
  run.child.kill('SIGTERM')
  expect(await once(run.child, 'exit')).toEqual([0, null])
  expect(await refuses(router)).toBe(true)
  expect(await refuses(inference)).toBe(true)
  expect(run.output()).not.toContain('canary')
})

test('a taken port ends the start before anything runs, with the setting to change', async () => {
  const folder = copyOfRepository()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const taken = portOf(server)
  const run = start(folder, { ROUTER_PORT: `${taken}`, INFERENCE_PORT: `${await freePort()}` })
  expect(await once(run.child, 'exit')).toEqual([1, null])
  expect(run.output()).toContain(`Port ${taken} is taken`)
  expect(run.output()).toContain('ROUTER_PORT=')
  expect(run.output()).not.toContain('[LocalLLM]')
  expect(existsSync(join(folder, '.wrangler'))).toBe(false)
})

test('a wrong setting gets no model and no line to try; a name that nobody reads is named', async () => {
  const folder = copyOfRepository()
  writeFileSync(join(folder, '.env'), 'LLM_STRATGEY=hybrid\n')
  const run = start(folder, {
    ROUTER_PORT: `${await freePort()}`,
    INFERENCE_PORT: `${await freePort()}`,
    LLM_STRATEGY: 'sometimes',
    LOCAL_LLM_ENABLED: 'true',
    ALLOW_ANONYMOUS: 'true',
  })
  await run.has('answers every request with a 503')
  expect(run.output()).toContain('LLM_STRATGEY in .env is read by nobody')
  expect(run.output()).toContain('Setting to correct: LLM_STRATEGY must be one of')
  expect(run.output()).toContain('no container, because a setting is wrong')
  expect(run.output()).not.toMatch(/is up|Try:|\[LocalLLM\]/)
  run.child.kill('SIGTERM')
  expect(await once(run.child, 'exit')).toEqual([0, null])
})

test.each([
  [['--help'], 0],
  [['--wath'], 2],
])('%j explains itself and starts nothing', async (args, code) => {
  const folder = copyOfRepository()
  const run = start(folder, {}, args)
  expect(await once(run.child, 'exit')).toEqual([code, null])
  expect(run.output()).toContain('Usage: npm start')
  expect(existsSync(join(folder, '.env'))).toBe(false)
})

function copyOfRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), 'router-start-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  for (const path of [
    'scripts',
    'edge',
    'inference',
    'shared',
    'wrangler.toml',
    '.env.example',
    'package.json',
  ])
    cpSync(join(ROOT, path), join(folder, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'edge/index.ts'), EDGE)
  writeFileSync(join(folder, 'inference/index.ts'), CONTAINER)
  return folder
}

function start(folder: string, environment: Record<string, string>, args: readonly string[] = []) {
  const child: ChildProcess = spawn(process.execPath, [join(folder, 'scripts/start.ts'), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGTERM'))
  let output = ''
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (data: string) => {
      output += data
      for (const look of waiting) look()
    })
  return {
    child,
    output: () => output,
    has: (wanted: string) =>
      new Promise<void>((settle, fail) => {
        const look = () => {
          if (output.includes(wanted)) settle()
        }
        child.once('exit', () => fail(new Error(`ended without saying "${wanted}":\n${output}`)))
        waiting.add(look)
        look()
      }),
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  await once(server, 'close')
  return port
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port.')
  return address.port
}

async function refuses(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => false,
    () => true,
  )
}
