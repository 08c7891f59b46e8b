/**
 * Two targets at once: the second is asked where the first has no content after a while; whichever answers first is taken
 * and the other one's connection closed. Nothing of one is ever mixed with the other. Does not choose the targets and does
 * not know whether it may be paid for.
 */
import { RouterError } from '../../shared/errors.ts'
import type { Answer } from '../providers/provider.ts'
import type { RouterRequest } from '../request.ts'
import type { TargetRecord } from './attempts.ts'

/** One of the two. */
export type Entrant = {
  /** Asks it; the request's signal closes its connection. */
  readonly open: (request: RouterRequest) => Promise<Answer>
  readonly record: Pick<TargetRecord, 'failed' | 'givenUp' | 'closed'>
}

export type HedgeRace = {
  readonly first: Entrant
  readonly second: Entrant
  /** How long the first is waited for alone, ms. */
  readonly delayMs: number
  /** Settles when the first has content, which of a whole answer is before it is open. */
  readonly content: Promise<unknown>
  /** Asked once, when the delay is over: whether the second may be asked. */
  readonly mayStart: () => boolean
  readonly setTimer?: SetTimer
}

/** Calls `run` after so many ms; returns what takes that back. */
export type SetTimer = (run: () => void, milliseconds: number) => () => void

/** `errors` are those of the ones that were asked, in their order. */
export type RaceResult =
  | { readonly answer: Answer; readonly wonBy: 'first' | 'second'; readonly firstFailed: boolean }
  | { readonly answer?: undefined; readonly errors: readonly RouterError[]; readonly askedBoth: boolean }

type Settled =
  | { readonly answer: Answer; readonly error?: undefined }
  | { readonly answer?: undefined; readonly error: RouterError }

type Run = { readonly settled: Promise<Settled>; readonly abort: () => void }

/** Returns what comes first: an answer, or the errors where there is none. Never throws. */
export async function raceHedged(request: RouterRequest, race: HedgeRace): Promise<RaceResult> {
  const { first, second, delayMs, content, mayStart, setTimer = setRealTimer } = race
  const one = start(request, first)
  let stopTimer = () => {}
  const late = new Promise<'late'>((resolve) => {
    stopTimer = setTimer(() => resolve('late'), delayMs)
  })
  const early = await Promise.race([one.settled, content.then(() => 'begun' as const), late])
  stopTimer()
  if (early !== 'late' || request.signal.aborted || !mayStart()) return alone(first, await one.settled)
  const two = start(request, second)
  const ended = await Promise.race([
    one.settled.then((settled) => ({ settled, by: 'first' as const })),
    two.settled.then((settled) => ({ settled, by: 'second' as const })),
  ])
  const { settled, by } = ended
  if (by === 'second' && settled.answer !== undefined && !isRefusal(settled.answer)) {
    await giveUp(one, first.record, 'hedged')
    return { answer: settled.answer, wonBy: 'second', firstFailed: false }
  }
  const ofFirst = by === 'first' ? settled : await one.settled
  if (ofFirst.answer !== undefined) {
    if (by === 'first') await giveUp(two, second.record, 'hedged')
    return { answer: ofFirst.answer, wonBy: 'first', firstFailed: false }
  }
  first.record.failed(ofFirst.error)
  if (!ofFirst.error.tryNextTarget) {
    if (by === 'first') await giveUp(two, second.record, 'error')
    return { errors: [ofFirst.error], askedBoth: true }
  }
  const ofSecond = await two.settled
  if (ofSecond.answer !== undefined) return { answer: ofSecond.answer, wonBy: 'second', firstFailed: true }
  second.record.failed(ofSecond.error)
  return { errors: [ofFirst.error, ofSecond.error], askedBoth: true }
}

function alone(first: Entrant, settled: Settled): RaceResult {
  if (settled.answer !== undefined) return { answer: settled.answer, wonBy: 'first', firstFailed: false }
  first.record.failed(settled.error)
  return { errors: [settled.error], askedBoth: false }
}

function start(request: RouterRequest, { open }: Entrant): Run {
  const controller = new AbortController()
  const abort = () => controller.abort(new RouterError('cancelled', 'The other target ended the request.'))
  // A client's signal may outlive its request, and would hold whatever listens to it.
  const signal = AbortSignal.any([request.signal, controller.signal])
  const settled = open({ ...request, signal }).then(
    (answer): Settled => ({ answer }),
    (error: unknown): Settled => ({ error: RouterError.from(error) }),
  )
  return { settled, abort }
}

/** What it still tells at once, such as tokens, is written down; what it tells later is not waited for. */
async function giveUp(
  { settled, abort }: Run,
  record: Entrant['record'],
  cause: 'hedged' | 'error',
): Promise<void> {
  record.givenUp(cause)
  abort()
  const end = settled.then(({ answer }) => {
    if (answer !== undefined) close(answer)
    return answer
  })
  record.closed(await Promise.race([end, nextTask()]))
}

/** Claude's own error, which is passed on only where nobody has answered. */
function isRefusal({ body }: Answer): boolean {
  return body.kind === 'non_streaming' && body.message === undefined
}

function close({ body }: Answer): void {
  if (body.kind !== 'stream') return
  const pieces = body.chunks[Symbol.asyncIterator]()
  pieces.return?.().catch(() => {})
}

function nextTask(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), 0))
}

function setRealTimer(run: () => void, milliseconds: number): () => void {
  const timer = setTimeout(run, milliseconds)
  return () => clearTimeout(timer)
}
