/**
 * The edge and the container side by side: started, kept running and stopped together.
 * A container that fails leaves the edge running (Claude answers); an edge that cannot start ends everything.
 */
import { type ProcessGroup, type Program, signalGroup, startProcessGroup } from './process-group.ts'
import type { Reaper } from './reaper.ts'
import { type Supervisor, type SupervisorDeps, supervise } from './supervisor.ts'

export type Stack = {
  /** Asks every process to end and settles when all are gone, killed after a grace period if need be. */
  readonly stop: () => Promise<void>
  /** Ends every process at once; `stop` then settles soon. */
  readonly kill: () => void
}

export type StackDeps = {
  readonly edge: Program
  /** Undefined where none is needed. */
  readonly container: Program | undefined
  readonly reaper: Reaper
  readonly say: (line: string) => void
  readonly now: () => number
  readonly pause: SupervisorDeps['pause']
  /** Called once where the edge cannot start; the message says why. */
  readonly onEdgeFailed: (message: string) => void
}

/** Longer than an answer in flight usually needs, shorter than the 15 s in which everything has to be gone, ms. */
const GRACE_MS = 8_000

/** Starts both programs and keeps them running until `stop`. */
export function startStack(deps: StackDeps): Stack {
  const groups = new Set<number>()
  const supervisors: Supervisor[] = []
  if (deps.container !== undefined)
    keepRunning(deps.container, 'The container', (code) =>
      deps.say(
        `The container ended with code ${code} right after its start; the lines above say why. It is not started ` +
          'again: Claude answers alone until you correct the setting and start again.',
      ),
    )
  keepRunning(deps.edge, 'The edge', (code) =>
    deps.onEdgeFailed(`The edge ended with code ${code} right after its start; the lines above say why.`),
  )
  return {
    async stop() {
      await Promise.all(supervisors.map((supervisor) => supervisor.stop()))
    },
    kill() {
      for (const group of groups) signalGroup(group, 'SIGKILL')
    },
  }

  function keepRunning(program: Program, name: string, onGivenUp: (code: number | null) => void): void {
    const supervisor = supervise({
      start: () => startWatched(program),
      now: deps.now,
      pause: deps.pause,
      graceMs: GRACE_MS,
      onRestart: ({ code, signal }, pauseMs) =>
        deps.say(
          `${name} ended unexpectedly (${signal ?? `code ${code}`}) and is started again in ${pauseMs} ms.`,
        ),
      onGivenUp: ({ code }) => onGivenUp(code),
    })
    supervisor.finished.catch((error: unknown) =>
      deps.onEdgeFailed(
        `${name} cannot be started: ${error instanceof Error ? error.message : String(error)}`,
      ),
    )
    supervisors.push(supervisor)
  }

  async function startWatched(program: Program): Promise<ProcessGroup> {
    const group = await startProcessGroup(program)
    groups.add(group.id)
    deps.reaper.watch(group.id)
    const forget = () => {
      groups.delete(group.id)
      deps.reaper.forget(group.id)
    }
    group.ended.then(forget, forget)
    return group
  }
}
