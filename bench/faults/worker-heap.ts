/**
 * What workerd's isolates still hold after all that nobody refers to has been collected, by its inspector. The process's resident
 * memory does not tell: a heap that nobody presses keeps garbage, and an allocator keeps what it was given back.
 */
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'

const targetsSchema = z.array(z.object({ webSocketDebuggerUrl: z.string() }))
const replySchema = z.object({ id: z.optional(z.number()), result: z.optional(z.unknown()) })
/** JavaScript's own objects, those of the runtime behind them, and the bytes of buffers. */
const usageSchema = z.object({
  usedSize: z.number(),
  embedderHeapUsedSize: z.number(),
  backingStorageSize: z.number(),
})

const COLLECTIONS = 2
const AGAIN_MS = 100

export type WorkerHeapSource = {
  /** Of the inspector, on this machine. */
  readonly port: number
  /** Makes the Worker do anything at all: workerd begins a collection that was asked for when the isolate is entered next. */
  readonly enter: () => Promise<unknown>
}

/**
 * Returns MiB in use after collections, of all isolates together.
 * @throws if the inspector does not answer
 */
export async function heapAfterCollection({ port, enter }: WorkerHeapSource): Promise<number> {
  const targets = targetsSchema.parse(await (await fetch(`http://127.0.0.1:${port}/json`)).json())
  let bytes = 0
  for (const { webSocketDebuggerUrl } of targets) {
    const inspector = await connect(webSocketDebuggerUrl)
    try {
      // What only a finaliser lets go of is gone after the second one.
      for (let count = 0; count < COLLECTIONS; count++) {
        await enteringUntil(inspector.ask('HeapProfiler.collectGarbage'), enter)
      }
      const usage = usageSchema.parse(await inspector.ask('Runtime.getHeapUsage'))
      bytes += usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize
    } finally {
      inspector.close()
    }
  }
  return bytes / 1_048_576
}

/** Enters again and again: the first time may be before the inspector has read what it was asked. */
async function enteringUntil(asked: Promise<unknown>, enter: () => Promise<unknown>): Promise<void> {
  let isDone = false
  const done = asked.then(() => {
    isDone = true
  })
  while (!isDone) {
    await enter()
    await Promise.race([done, delay(AGAIN_MS)])
  }
}

async function connect(url: string): Promise<{
  readonly ask: (method: string) => Promise<unknown>
  readonly close: () => void
}> {
  const socket = new WebSocket(url)
  const waiting = new Map<number, (result: unknown) => void>()
  let asked = 0
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = replySchema.parse(JSON.parse(String(data)))
    if (id === undefined) return
    waiting.get(id)?.(result)
    waiting.delete(id)
  })
  await new Promise((settle, fail) => {
    socket.addEventListener('open', settle, { once: true })
    socket.addEventListener('error', () => fail(new Error(`The inspector at ${url} does not answer.`)), {
      once: true,
    })
  })
  return {
    ask(method) {
      const id = ++asked
      socket.send(JSON.stringify({ id, method }))
      return new Promise((settle) => waiting.set(id, settle))
    },
    close: () => socket.close(),
  }
}
