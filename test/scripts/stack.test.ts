/** The local stack with real processes that stand in for wrangler and the container. */
import { expect, onTestFinished, test } from 'vitest'
import { groupExists, type Program, startProcessGroup } from '../../scripts/stack/process-group.ts'
import { startStack } from '../../scripts/stack/stack.ts'

/** Prints its id and its child's, then stays; the child ignores SIGTERM, like a program that hangs. */
const FAMILY = `
const { spawn } = require('node:child_process')
const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); console.log("child up"); setInterval(() => {}, 1000)'], { stdio: 'inherit' })
process.on('SIGTERM', () => process.exit(0))
console.log('family ' + process.pid)
setInterval(() => {}, 1000)
`
const SERVES = 'console.log("up"); setInterval(() => {}, 1000)'
const HANGS = 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'

test('passes the output on line by line and tells how the program ended', async () => {
  const lines: string[] = []
  const group = await startProcessGroup(
    program('console.log("one\\ntwo"); console.error("three"); process.exitCode = 4', lines),
  )
  expect(await group.ended).toEqual({ code: 4, signal: null })
  expect(lines.toSorted()).toEqual(['one', 'three', 'two'])
})

test('ends with the program what the program has started', async () => {
  const lines = watched()
  const group = await startProcessGroup(program(FAMILY, lines))
  await lines.has('child up')
  await group.stop(60_000)
  await gone(group.id)
})

test('kills a program that does not end when asked', async () => {
  const lines = watched()
  const group = await startProcessGroup(program(HANGS, lines))
  await lines.has('up')
  await group.stop(50)
  expect(await group.ended).toEqual({ code: null, signal: 'SIGKILL' })
})

test('a container that cannot start leaves the edge running and says why Claude answers alone', async () => {
  const said = watched()
  const stack = start({ edge: SERVES, container: 'process.exit(1)' }, said)
  await said.has('Claude answers alone')
  await said.has('up')
  expect(stack.failures).toEqual([])
})

test('a container that is killed is said, and the edge stays', async () => {
  const said = watched()
  const stack = start(
    { edge: SERVES, container: 'console.log("container " + process.pid); setInterval(() => {}, 1000)' },
    said,
  )
  process.kill(Number((await said.has('container ')).split(' ')[1]), 'SIGKILL')
  await said.has('The container ended (SIGKILL)')
  expect(stack.failures).toEqual([])
})

test('an edge that cannot start is a failure of the whole', async () => {
  const stack = start({ edge: 'process.exit(3)', container: undefined }, watched())
  expect(await stack.failed).toContain('The edge ended (code 3)')
})

function program(code: string, lines: { push: (line: string) => unknown }): Program {
  return {
    file: process.execPath,
    args: ['-e', code],
    directory: import.meta.dirname,
    environment: {},
    onLine: (line) => void lines.push(line),
  }
}

function start(programs: { edge: string; container: string | undefined }, said: string[]) {
  const failed = Promise.withResolvers<string>()
  const failures: string[] = []
  const stack = startStack({
    edge: program(programs.edge, said),
    container: programs.container === undefined ? undefined : program(programs.container, said),
    say: (line) => void said.push(line),
    onEdgeEnded: (message) => {
      failures.push(message)
      failed.resolve(message)
    },
  })
  onTestFinished(() => stack.stop())
  return { failures, failed: failed.promise }
}

type Lines = string[] & { has: (wanted: string) => Promise<string> }

/** An array of lines that can be awaited to hold one that contains a text. */
function watched(): Lines {
  const waiting = new Set<() => void>()
  const lines = Object.assign([] as string[], {
    has: (wanted: string) =>
      new Promise<string>((settle) => {
        const look = () => {
          const found = lines.find((line) => line.includes(wanted))
          if (found !== undefined) settle(found)
        }
        waiting.add(look)
        look()
      }),
  })
  const push = lines.push.bind(lines)
  lines.push = (...added: string[]) => {
    const length = push(...added)
    for (const look of waiting) look()
    return length
  }
  return lines
}

// Nothing tells that a stranger's process group has ended, so it is asked for until the test's own time is over.
async function gone(group: number): Promise<void> {
  await expect.poll(() => groupExists(group), { timeout: 15_000, interval: 20 }).toBe(false)
}
