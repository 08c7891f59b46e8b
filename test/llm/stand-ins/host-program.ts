/**
 * A program that uses the library with a real model and ends as any script ends: by having nothing more to do.
 * Its settings come from the environment. Prints the answer's route and the pid of the model's process.
 */
import { subscribe } from 'node:diagnostics_channel'
import { getLocalProvider, getRouter } from '../../../llm/index.ts'

let pid: number | undefined
subscribe('child_process', (message) => {
  queueMicrotask(() => {
    if (typeof message !== 'object' || message === null || !('process' in message)) return
    const { process: child } = message
    if (typeof child === 'object' && child !== null && 'pid' in child) pid = Number(child.pid)
  })
})

const messages = [{ role: 'user', content: 'Hello!' }] as const
const reply = await getRouter().generate(messages, { maxTokens: 4 })
const direct = await getLocalProvider().generate(messages, { maxTokens: 4, cache: 'skip' })
process.stdout.write(JSON.stringify({ route: reply.route, direct: direct.route, pid }))
