/**
 * The container as it is deployed, on a port of this machine, and one question to it over HTTP.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import getPort from 'get-port'
import { collect, parseStreamEvent } from '../../shared/events.ts'
import { textOf } from '../../shared/messages.ts'
import { decodeSse } from '../../shared/sse.ts'
import { processTree } from './process-usage.ts'

const ROOT = join(import.meta.dirname, '../..')

export type Container = {
  readonly url: string
  /** From the start of the process to `readyz` saying so. */
  readonly readyMs: number
  /** Ids of the server's process and, after it, of the model's. */
  readonly pids: () => readonly number[]
  readonly stop: () => Promise<void>
}

/** Why there is no container, in its own last words. */
export class ContainerFailed extends Error {}

/**
 * Starts the container and waits until it is ready.
 * @throws {ContainerFailed} if it ends instead
 */
export async function startContainer(settings: Readonly<Record<string, string>>): Promise<Container> {
  const port = await getPort()
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['inference/index.ts'], {
    cwd: ROOT,
    env: {
      ...process.env,
      NUM_THREADS: process.env.NUM_THREADS ?? '1',
      LOG_FORMAT: 'text',
      ...settings,
      HOST: '127.0.0.1',
      PORT: String(port),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let words = ''
  child.stderr.on('data', (data: Buffer) => {
    words = `${words}${data}`.slice(-2_000)
  })
  const url = `http://127.0.0.1:${port}`
  const ready = async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true
  while (!(await ready())) {
    if (child.exitCode !== null) throw new ContainerFailed(words.trim().split('\n').at(-1))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    url,
    readyMs: performance.now() - startedAt,
    pids: () => processTree(child.pid ?? 0),
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}

export type MessageRequest = {
  readonly system?: string
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[]
  readonly max_tokens: number
  readonly temperature?: number
}

export type StreamedAnswer = {
  readonly text: string
  readonly stopReason: string | null
  readonly tokens: number
  readonly firstTextMs: number
  readonly totalMs: number
}

/** A request that was not answered, with the status. */
export class NotAnswered extends Error {
  readonly status: number
  readonly retryAfterMs: number

  constructor(response: Response) {
    super(`the container answered ${response.status}`)
    this.status = response.status
    this.retryAfterMs = Number(response.headers.get('retry-after') ?? 1) * 1_000
  }
}

export type AskOptions = {
  readonly tenant?: string
  readonly signal?: AbortSignal
  /** Told of each piece of text. */
  readonly onText?: (piece: string) => void
}

/**
 * Asks for a streamed answer and reads it to its end.
 * @throws {NotAnswered} for any other status than 200, and fetch's own error once the signal is aborted
 */
export async function askContainer(
  url: string,
  request: MessageRequest,
  { tenant, signal, onText = () => {} }: AskOptions = {},
): Promise<StreamedAnswer> {
  const startedAt = performance.now()
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(tenant === undefined ? {} : { 'x-router-tenant': tenant }),
    },
    body: JSON.stringify({ model: 'local', stream: true, ...request }),
    ...(signal ? { signal } : {}),
  })
  if (!response.ok || response.body === null) {
    await response.body?.cancel()
    throw new NotAnswered(response)
  }
  let firstTextMs: number | undefined
  const events = async function* (body: ReadableStream<Uint8Array>) {
    for await (const frame of decodeSse(body)) {
      const event = parseStreamEvent(frame.data, frame.event)
      if (event.type === 'content_block_delta') {
        firstTextMs ??= performance.now() - startedAt
        onText(event.delta.text ?? '')
      }
      yield event
    }
  }
  const message = await collect(events(response.body))
  const totalMs = performance.now() - startedAt
  return {
    text: textOf(message.content),
    stopReason: message.stop_reason ?? null,
    tokens: message.usage.output_tokens ?? 0,
    firstTextMs: firstTextMs ?? totalMs,
    totalMs,
  }
}
