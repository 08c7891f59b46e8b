/**
 * Programs side by side, started and stopped together; who ends meanwhile is told to the owner, and not started again.
 * Knows nothing of what they are.
 */
import { type Ending, type Program, startProcessGroup } from './process-group.ts'

/** Longer than an answer in flight usually needs, shorter than the 15 s in which everything has to be gone, ms. */
const GRACE_MS = 8_000

/**
 * Starts the programs, by name.
 * @param onEnded called for each that ends before it was asked to
 * @returns a way to end them, which settles when all are gone, killed after a grace period if need be
 */
export function startStack<Name extends string>(
  programs: ReadonlyMap<Name, Program>,
  onEnded: (name: Name, ending: Ending) => void,
): () => Promise<void> {
  let stopping = false
  const groups = [...programs].map(([name, program]) => {
    const group = startProcessGroup(program)
    void group.ended.then((ending) => {
      if (!stopping) onEnded(name, ending)
    })
    return group
  })
  return async () => {
    stopping = true
    await Promise.all(groups.map((group) => group.stop(GRACE_MS)))
  }
}
