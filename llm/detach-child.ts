/**
 * Lets this process end although a model's child process runs: the child ends by itself when its parent has gone.
 * Knows nothing of models. Children are told apart by their pid, because the engine replaces one that was lost.
 */
import { ChildProcess } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

const CHANNEL = 'child_process'

/**
 * Detaches from the event loop each child that has the pid of `currentPid` once it was started.
 * @returns ends the watching
 */
export function detachChildren(currentPid: () => number | undefined): () => void {
  const onChild = (message: unknown) => {
    const child = childOf(message)
    // The channel tells of the child before it runs and before it can be talked to.
    if (child !== undefined)
      queueMicrotask(() => {
        if (child.pid === undefined || child.pid !== currentPid()) return
        child.unref()
        child.channel?.unref()
      })
  }
  subscribe(CHANNEL, onChild)
  return () => unsubscribe(CHANNEL, onChild)
}

function childOf(message: unknown): ChildProcess | undefined {
  if (typeof message !== 'object' || message === null || !('process' in message)) return undefined
  return message.process instanceof ChildProcess ? message.process : undefined
}
