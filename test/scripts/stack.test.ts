/** The local stack with real processes that stand in for wrangler and the container. */
import { expect, onTestFinished, test } from 'vitest'
import { type Ending, type Program, startProcessGroup } from '../../scripts/stack/process-group.ts'
import { startStack } from '../../scripts/stack/stack.ts'
import { groupExists } from '../support/processes.ts'

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
  const group = startProcessGroup(
    program('console.log("one\\ntwo"); console.error("three"); process.exitCode = 4', lines),
  )
  expect(await group.ended).toEqual({ code: 4, signal: null })
  expect(lines.toSorted()).toEqual(['one', 'three', 'two'])
})

test('ends with the program what the program has started', async () => {
  const lines = watched()
  const group = startProcessGroup(program(FAMILY, lines))
  await lines.has('child up')
  await group.stop(60_000)
  await gone(group.id)
})

test('kills a program that does not end when asked', async () => {
  const lines = watched()
  const group = startProcessGroup(program(HANGS, lines))
  await lines.has('up')
  await group.stop(50)
  expect(await group.ended).toEqual({ code: null, signal: 'SIGKILL' })
})

test('tells which program ended by itself and how, and leaves the others running', async () => {
  const lines = watched()
  const told = Promise.withResolvers<[string, Ending]>()
  const programs = new Map([
    ['stays', program(SERVES, lines)],
    ['ends', program('process.exitCode = 3', lines)],
  ])
  const stop = startStack(programs, (name, ending) => told.resolve([name, ending]))
  onTestFinished(stop)
  expect(await told.promise).toEqual(['ends', { code: 3, signal: null }])
  await lines.has('up')
})

test('says nothing of a program that was asked to stop', async () => {
  const lines = watched()
  const stop = startStack(new Map([['it', program(SERVES, lines)]]), (name) => lines.push(`${name} ended`))
  await lines.has('up')
  await stop()
  expect([...lines]).toEqual(['up'])
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
