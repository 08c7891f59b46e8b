/**
 * Drives one step model for many answers at once: rows join when a place is free, their prompts are read a piece at a time
 * between the steps of those who run, and leave when they are done or nobody waits any more. Knows no text and no HTTP.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logits, OpenOptions, Row, StepModel } from '../step-model.ts'
import type { Sequence } from '../text/sequence.ts'

export type Generation = {
  readonly sequence: Sequence
  readonly open: OpenOptions
  /** Told once, when a row has been opened for it. */
  readonly onOpen: (row: Row) => void
  /** Aborted: the row leaves before the next step. */
  readonly signal: AbortSignal
}

export type StepLoop = {
  /** Resolves when the sequence is done or the signal is aborted; rejects where the model fails. */
  readonly run: (generation: Generation) => Promise<void>
  readonly stats: () => StepLoopStats
}

export type StepLoopStats = {
  readonly steps: number
  /** Rows of all steps together: divided by steps, the mean occupancy. */
  readonly rowSteps: number
  readonly rowsInUse: number
}

type Entry<R> = {
  readonly generation: Generation
  readonly settle: (error?: unknown) => void
  row: R | undefined
  /** The token that comes next; undefined while the prompt is read. */
  token: number | undefined
  /** How often another's prompt was read while this one waited. */
  passedOver: number
}

/** Each turn that a prompt is passed over counts as so many tokens less to read. */
const TOKENS_PER_TURN = 64

/** Returns a loop that runs while there is something to do. */
export function createStepLoop<R extends Row>(model: StepModel<R>): StepLoop {
  const waiting: Entry<R>[] = []
  /** In the order in which they were opened. */
  const active = new Set<Entry<R>>()
  let running = false
  let steps = 0
  let rowSteps = 0

  const leave = (entry: Entry<R>, error?: unknown): void => {
    active.delete(entry)
    if (entry.row) model.close(entry.row)
    entry.settle(error)
  }

  /** What belongs to one row fails that row only. */
  const guarded = (entry: Entry<R>, work: () => void): void => {
    try {
      work()
    } catch (error) {
      leave(entry, error)
    }
  }

  const take = (entry: Entry<R>, logits: Logits): void =>
    guarded(entry, () => {
      const { token, done } = entry.generation.sequence.accept(logits)
      if (done) leave(entry)
      else entry.token = token
    })

  const dropCancelled = (): void => {
    for (const entry of active) if (entry.generation.signal.aborted) leave(entry)
    for (const entry of waiting.filter(({ generation }) => generation.signal.aborted)) {
      waiting.splice(waiting.indexOf(entry), 1)
      entry.settle()
    }
  }

  const admit = (): void => {
    while (active.size < model.maxRows) {
      const entry = waiting.shift()
      if (!entry) return
      active.add(entry)
      guarded(entry, () => {
        entry.row = model.open(entry.generation.open)
        entry.generation.onOpen(entry.row)
      })
    }
  }

  /** Reads one piece of the prompt that is due: the shortest, unless another was passed over too often for its length. */
  const readOne = async (): Promise<void> => {
    const reading = [...active].filter(({ token }) => token === undefined)
    const dueIn = ({ generation, row, passedOver }: Entry<R>) =>
      generation.open.ids.length - (row?.cachedTokens ?? 0) - passedOver * TOKENS_PER_TURN
    const entry = reading.sort((left, right) => dueIn(left) - dueIn(right))[0]
    if (!entry?.row) return
    for (const other of reading) if (other !== entry) other.passedOver++
    try {
      const logits = await model.read(entry.row)
      if (logits) take(entry, logits)
    } catch (error) {
      leave(entry, error)
    }
  }

  const stepAll = async (): Promise<void> => {
    const entries = [...active].filter(({ token }) => token !== undefined)
    if (entries.length === 0) return
    const rows = entries.map(({ row }) => row as R)
    try {
      const logits = await model.step(
        rows,
        entries.map(({ token }) => token ?? 0),
      )
      steps++
      rowSteps += rows.length
      for (const [index, entry] of entries.entries()) take(entry, logits[index] as Logits)
    } catch (error) {
      // A step that failed leaves no row in a state that is known.
      for (const entry of entries) leave(entry, error)
    }
  }

  const drive = async (): Promise<void> => {
    running = true
    while (active.size + waiting.length > 0) {
      dropCancelled()
      admit()
      await readOne()
      dropCancelled()
      await stepAll()
      // Aborts and new requests are heard here.
      await nextTurn()
    }
    running = false
  }

  return {
    run(generation) {
      return new Promise<void>((resolve, reject) => {
        waiting.push({
          generation,
          row: undefined,
          token: undefined,
          passedOver: 0,
          settle: (error) => (error === undefined ? resolve() : reject(error)),
        })
        if (!running) void drive()
      })
    },
    stats: () => ({ steps, rowSteps, rowsInUse: active.size }),
  }
}
