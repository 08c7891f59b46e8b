/**
 * Entry of the container: reads the settings, starts the server, ends the process in good order.
 * The only file here that touches the process's signals and exit code.
 */
import { availableParallelism } from 'node:os'
import { RouterError } from '../shared/errors.ts'
import { createLog, type Log } from '../shared/log.ts'
import { type InferenceConfig, readInferenceConfig } from './config.ts'
import { type InferenceServer, startServer } from './server.ts'

const write = (line: string, level: 'info' | 'error') =>
  (level === 'error' ? process.stderr : process.stdout).write(`${line}\n`)
// A log reader that went away must not end the service.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

await main()

async function main(): Promise<void> {
  let config: InferenceConfig
  try {
    // 0 means no limit.
    const memoryBytes = process.constrainedMemory() || Number.POSITIVE_INFINITY
    config = readInferenceConfig(process.env, availableParallelism(), memoryBytes)
  } catch (error) {
    process.stderr.write(`[LocalLLM] ${messageOf(error)}\n`)
    process.exit(1)
  }
  const log = createLog(config.logFormat, write)
  let server: InferenceServer | undefined
  let stopped = false
  const stop = async () => {
    if (stopped) return
    stopped = true
    log('[LocalLLM] Shutting down')
    await server?.stop()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop())
  try {
    server = await startServer({ config, env: process.env, log })
    await server.ready
  } catch (error) {
    if (stopped) return
    await fail(log, error, server)
  }
}

async function fail(log: Log, error: unknown, server: InferenceServer | undefined): Promise<void> {
  log(`[LocalLLM] ${messageOf(error)}`, {}, 'error')
  await server?.stop()
  process.exit(1)
}

/** A RouterError's text says what to do; any other error's text is for its author only. */
function messageOf(error: unknown): string {
  if (error instanceof RouterError) return error.message
  return `Unexpected ${error instanceof Error ? error.name : 'error'} while starting.`
}
