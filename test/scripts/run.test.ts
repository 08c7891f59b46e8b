/** The door of every command, as a process: what it installs, passes on and gives back. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { type Clone, createClone } from './clone.ts'

test('installs on the first run, says so, runs the script and is quiet afterwards', async () => {
  const clone = createClone()
  clone.write('scripts/hello.ts', 'const who: string = process.argv[2] ?? ""\nconsole.log("hello", who)\n')
  const first = await run(clone, ['scripts/hello.ts', 'you'])
  expect(first).toMatchObject({ code: 0, stdout: 'hello you\n' })
  expect(first.stderr).toMatch(/^Installing dependencies .*\n$/)
  expect(await run(clone, ['scripts/hello.ts', 'again'])).toEqual({
    code: 0,
    stdout: 'hello again\n',
    stderr: '',
  })
  expect(clone.npmCalls()).toEqual(['ci --include=dev --include=optional --loglevel=error'])
})

test('installs once when two commands start at the same time in a fresh clone', async () => {
  const clone = createClone()
  clone.write('scripts/hello.ts', 'console.log("hello")\n')
  const both = await Promise.all([run(clone, ['scripts/hello.ts']), run(clone, ['scripts/hello.ts'])])
  expect(both.map(({ code, stdout }) => [code, stdout])).toEqual([
    [0, 'hello\n'],
    [0, 'hello\n'],
  ])
  expect(clone.npmCalls()).toHaveLength(1)
})

test('installs again when the lockfile has changed', async () => {
  const clone = createClone()
  clone.write('scripts/hello.ts', 'console.log("hello")\n')
  await run(clone, ['scripts/hello.ts'])
  clone.write(
    'package-lock.json',
    '{"lockfileVersion":3,"packages":{"node_modules/thing":{"version":"1.0.1","integrity":"sha512-y"}}}',
  )
  await run(clone, ['scripts/hello.ts'])
  expect(clone.npmCalls()).toHaveLength(2)
})

test('shows what npm said and what to do when the installation fails', async () => {
  const clone = createClone()
  clone.write('scripts/hello.ts', 'console.log("hello")\n')
  const failed = await run(clone, ['scripts/hello.ts'], { FAKE_NPM_FAILS: 'ENOTFOUND' })
  expect(failed).toMatchObject({ code: 1, stdout: '' })
  expect(failed.stderr).toContain('npm error code ENOTFOUND')
  expect(failed.stderr).toContain('The npm registry cannot be reached.')
})

test('passes the exit code on', async () => {
  const clone = createClone()
  clone.write('scripts/fail.ts', 'process.exitCode = 7\n')
  expect((await run(clone, ['scripts/fail.ts'])).code).toBe(7)
})

test('loads .env, byte order mark or not, and lets the process environment win', async () => {
  const clone = createClone()
  clone.write('.env', '\uFEFFFROM_FILE=file\nFROM_BOTH=file\n')
  clone.write('scripts/show.ts', 'console.log(process.env.FROM_FILE, process.env.FROM_BOTH)\n')
  expect((await run(clone, ['scripts/show.ts'], { FROM_BOTH: 'process' })).stdout).toBe('file process\n')
})

test('names a script that is not there', async () => {
  const missing = await run(createClone(), ['scripts/nothing.ts'])
  expect(missing.code).toBe(1)
  expect(missing.stderr).toContain('There is no script scripts/nothing.ts.')
})

test('passes SIGTERM on and waits until the script has cleaned up', async () => {
  const clone = createClone()
  clone.write(
    'scripts/serve.ts',
    'process.on("SIGTERM", () => { console.log("cleaned up"); process.exit(3) })\nconsole.log("up")\nsetInterval(() => {}, 1000)\n',
  )
  const child = start(clone, ['scripts/serve.ts'])
  const output = collect(child)
  await output.has('up')
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  expect(code).toBe(3)
  expect(output.text()).toContain('cleaned up')
})

test('a .env that cannot be used is explained before anything runs', async () => {
  const clone = createClone()
  clone.write('scripts/hello.ts', 'console.log("hello")\n')
  symlinkSync('nowhere', join(clone.folder, '.env'))
  const failed = await run(clone, ['scripts/hello.ts'])
  expect(failed).toMatchObject({ code: 1, stdout: '' })
  expect(failed.stderr).toMatch(/\.env is a link to a file that does not exist.*\n$/)
})

function start(clone: Clone, args: string[], environment: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [join(clone.folder, 'scripts/run.mjs'), ...args], {
    cwd: clone.folder,
    env: { ...process.env, npm_execpath: clone.npmCli, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function run(clone: Clone, args: string[], environment: Record<string, string> = {}) {
  const child = start(clone, args, environment)
  if (child.stdout === null || child.stderr === null) throw new Error('no pipes')
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { code, stdout, stderr }
}

function collect(child: ChildProcess) {
  let seen = ''
  const waiting = new Set<() => void>()
  child.stdout?.setEncoding('utf8').on('data', (data: string) => {
    seen += data
    for (const look of waiting) look()
  })
  return {
    text: () => seen,
    has: (wanted: string) =>
      new Promise<void>((settle) => {
        const look = () => {
          if (seen.includes(wanted)) settle()
        }
        waiting.add(look)
        look()
      }),
  }
}
