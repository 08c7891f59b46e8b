/**
 * The edge and the container side by side, started and stopped together. A container that ends leaves the edge running
 * (Claude answers); an edge that ends ends everything.
 */
import {
  type Ending,
  type ProcessGroup,
  type Program,
  signalGroup,
  startProcessGroup,
} from './process-group.ts'

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
  readonly say: (line: string) => void
  /** Called once where the edge has ended or cannot be started; the message says why. */
  readonly onEdgeEnded: (message: string) => void
}

/** Longer than an answer in flight usually needs, shorter than the 15 s in which everything has to be gone, ms. */
const GRACE_MS = 8_000

/** Starts both programs. */
export function startStack({ edge, container, say, onEdgeEnded }: StackDeps): Stack {
  let stopping = false
  const start = async (
    program: Program,
    onEnded: (how: string) => void,
  ): Promise<ProcessGroup | undefined> => {
    try {
      const group = await startProcessGroup(program)
      void group.ended.then((ending) => {
        if (!stopping) onEnded(describe(ending))
      })
      return group
    } catch (error) {
      if (!stopping) onEnded(error instanceof Error ? error.message : String(error))
      return undefined
    }
  }
  const starting = [
    start(edge, (how) => onEdgeEnded(`The edge ended (${how}); the lines above say why.`)),
    ...(container === undefined
      ? []
      : [
          start(container, (how) =>
            say(
              `The container ended (${how}); the lines above say why. Claude answers alone until you start again.`,
            ),
          ),
        ]),
  ]
  return {
    async stop() {
      stopping = true
      const groups = await Promise.all(starting)
      await Promise.all(groups.map((group) => group?.stop(GRACE_MS)))
    },
    kill() {
      for (const one of starting) void one.then((group) => group && signalGroup(group.id, 'SIGKILL'))
    },
  }
}

function describe({ code, signal }: Ending): string {
  return signal ?? `code ${code}`
}
