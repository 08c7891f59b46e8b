/**
 * Drives one step model for many answers at once: rows join when a place is free, their prompts are read a piece at a time
 * between the steps of those who run, and leave when they are done or nobody waits any more. Prompts that are only looked at
 * take no place and wait for none. Knows no text and no HTTP.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { InspectPrompt, Logits, OpenOptions, Row, StepModel } from '../step-model.ts'
import type { Sequence } from '../text/sequence.ts'

export type Generation = {
  readonly sequence: Sequence
  readonly open: OpenOptions
  /** Told once, when a row has been opened for it. */
  readonly onOpen: (row: Row) => void
  /** Aborted: the row leaves before the next step. */
  readonly signal: AbortSignal
}

export type InspectedOpen = OpenOptions & { readonly inspection: InspectPrompt }

export type StepLoop = {
  /** Resolves when the sequence is done or the signal is aborted; rejects where the model fails. */
  readonly run: (generation: Generation) => Promise<void>
  /**
   * Reads a prompt until its inspection has been called and makes no token. Resolves then, or when the signal is aborted;
   * rejects where the inspection throws or the model fails.
   */
  readonly inspect: (open: InspectedOpen, signal: AbortSignal) => Promise<void>
  readonly stats: () => StepLoopStats
}

export type StepLoopStats = {
  readonly steps: number
  /** Rows of all steps together: divided by steps, the mean occupancy. */
  readonly rowSteps: number
  readonly rowsInUse: number
}

type Entry<R> = {
  readonly open: OpenOptions
  readonly signal: AbortSignal
  /** Undefined where the prompt is only looked at. */
  readonly generation: Generation | undefined
  readonly settle: (error?: unknown) => void
  row: R | undefined
  /** The token that comes next; undefined while the prompt is read. */
  token: number | undefined
  /** How often another's prompt was read while this one waited. */
  passedOver: number
  /** Whether all that was wanted of the prompt is there already. */
  readonly isRead: () => boolean
}

/** Each turn that a prompt is passed over counts as so many tokens less to read. */
const TOKENS_PER_TURN = 64

/** Prompts that are looked at side by side: more would all be done later. */
const MAX_INSPECTIONS = 4

/** Returns a loop that runs while there is something to do. */
export function createStepLoop<R extends Row>(model: StepModel<R>): StepLoop {
  const waiting: Entry<R>[] = []
  /** In the order in which they were opened. */
  const active = new Set<Entry<R>>()
  /** The same of those that are only looked at. */
  const toInspect: Entry<R>[] = []
  const inspecting = new Set<Entry<R>>()
  let running = false
  let steps = 0
  let rowSteps = 0

  const leave = (entry: Entry<R>, error?: unknown): void => {
    active.delete(entry)
    inspecting.delete(entry)
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
      const taken = entry.generation?.sequence.accept(logits)
      if (taken?.done !== false) leave(entry)
      else entry.token = taken.token
    })

  const dropCancelled = (): void => {
    for (const entry of [...active, ...inspecting]) if (entry.signal.aborted) leave(entry)
    for (const queue of [waiting, toInspect])
      for (const entry of queue.filter(({ signal }) => signal.aborted)) {
        queue.splice(queue.indexOf(entry), 1)
        entry.settle()
      }
  }

  const admit = (): void => {
    for (const [queue, admitted, most] of [
      [waiting, active, model.maxRows],
      [toInspect, inspecting, MAX_INSPECTIONS],
    ] as const)
      while (admitted.size < most) {
        const entry = queue.shift()
        if (!entry) break
        admitted.add(entry)
        guarded(entry, () => {
          entry.row = model.open(entry.open)
          entry.generation?.onOpen(entry.row)
        })
      }
  }

  /** Reads one piece of the prompt that is due: the shortest, unless another was passed over too often for its length. */
  const readOne = async (): Promise<void> => {
    const reading = [...active, ...inspecting].filter(({ token }) => token === undefined)
    const dueIn = ({ open, row, passedOver }: Entry<R>) =>
      open.ids.length - (row?.cachedTokens ?? 0) - passedOver * TOKENS_PER_TURN
    const entry = reading.sort((left, right) => dueIn(left) - dueIn(right))[0]
    if (!entry?.row) return
    for (const other of reading) if (other !== entry) other.passedOver++
    try {
      const logits = await model.read(entry.row)
      if (entry.isRead()) leave(entry)
      else if (logits) take(entry, logits)
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
    while (active.size + waiting.length + inspecting.size + toInspect.length > 0) {
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

  const enter = (
    queue: Entry<R>[],
    entry: Pick<Entry<R>, 'open' | 'signal' | 'generation' | 'isRead'>,
  ): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown) => (error === undefined ? resolve() : reject(error))
      queue.push({ ...entry, row: undefined, token: undefined, passedOver: 0, settle })
      if (!running) void drive()
    })

  return {
    run: (generation) =>
      enter(waiting, { open: generation.open, signal: generation.signal, generation, isRead: () => false }),
    inspect({ inspection, ...rest }, signal) {
      let inspected = false
      const inspect: InspectPrompt['inspect'] = (states) => {
        inspection.inspect(states)
        inspected = true
      }
      const open = { ...rest, inspection: { ...inspection, inspect } }
      return enter(toInspect, { open, signal, generation: undefined, isRead: () => inspected })
    },
    stats: () => ({ steps, rowSteps, rowsInUse: active.size }),
  }
}
