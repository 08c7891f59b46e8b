/**
 * The chat as a value: turns, each with the answers that it got, and what changes them. Pure: whoever sends and waits
 * tells it what happened.
 */
import type { ReceiptRecord } from '../../ledger/receipt-record.ts'
import type { AnswerError, AnswerEvent, AnswerFacts } from './answer-events.ts'
import type { AskRequest, ChatMessage, Side } from './ask-options.ts'

export type Answer = {
  readonly id: number
  readonly force: Side | undefined
  readonly request: AskRequest
  readonly state: 'waiting' | 'streaming' | 'done' | 'stopped' | 'failed'
  readonly text: string
  readonly facts: AnswerFacts | undefined
  readonly model: string | undefined
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
  readonly stopReason: string | undefined
  /** ms from sending to the first word, as it was seen here. */
  readonly firstWordMs: number | undefined
  /** ms from sending to the end. */
  readonly totalMs: number | undefined
  readonly error: AnswerError | undefined
  readonly receipt: ReceiptRecord | undefined
}

export type Turn = { readonly id: number; readonly text: string; readonly answers: readonly Answer[] }

export type Happened =
  | {
      readonly kind: 'asked'
      readonly turn: number
      readonly answer: number
      readonly text: string
      readonly request: AskRequest
      readonly force: Side | undefined
    }
  /** `at`: ms since this answer was asked for. */
  | { readonly kind: 'event'; readonly answer: number; readonly event: AnswerEvent; readonly at: number }
  | { readonly kind: 'stopped'; readonly answer: number; readonly at: number }
  | { readonly kind: 'receipt'; readonly answer: number; readonly receipt: ReceiptRecord }
  | { readonly kind: 'cleared' }

/** Returns the turns after what happened. An answer that is not among them any more changes nothing. */
export function afterwards(turns: readonly Turn[], happened: Happened): readonly Turn[] {
  switch (happened.kind) {
    case 'cleared':
      return []
    case 'asked':
      return ask(turns, happened)
    case 'event':
      return change(turns, happened.answer, (answer) => applyEvent(answer, happened.event, happened.at))
    case 'stopped':
      return change(turns, happened.answer, (answer) =>
        isOpen(answer) ? { ...answer, state: 'stopped', totalMs: happened.at } : answer,
      )
    case 'receipt':
      return change(turns, happened.answer, (answer) => ({ ...answer, receipt: happened.receipt }))
  }
}

/** Says whether more of this answer is to come. */
export function isOpen({ state }: Answer): boolean {
  return state === 'waiting' || state === 'streaming'
}

/**
 * Returns the messages that the model is to see: those before `turn` with the first usable answer of each, then its own.
 * A turn without any answer is left out with its question: the API wants the roles to alternate.
 */
export function messagesFor(turns: readonly Turn[], turn: number, text: string): ChatMessage[] {
  const messages: ChatMessage[] = []
  for (const { id, text: question, answers } of turns) {
    if (id === turn) break
    const answer = answers.find((each) => !isOpen(each) && each.state !== 'failed' && each.text.trim() !== '')
    if (answer !== undefined)
      messages.push({ role: 'user', content: question }, { role: 'assistant', content: answer.text })
  }
  return [...messages, { role: 'user', content: text }]
}

/** Returns the sides that a turn has not been answered by, once nothing of it is open. */
export function otherSides({ answers }: Turn): readonly Side[] {
  if (answers.some(isOpen)) return []
  const asked = new Set(answers.map(({ force, facts }) => force ?? facts?.route))
  return (['local', 'claude'] as const).filter((side) => !asked.has(side))
}

function ask(turns: readonly Turn[], happened: Extract<Happened, { kind: 'asked' }>): readonly Turn[] {
  const answer: Answer = {
    id: happened.answer,
    force: happened.force,
    request: happened.request,
    state: 'waiting',
    text: '',
    facts: undefined,
    model: undefined,
    inputTokens: undefined,
    outputTokens: undefined,
    stopReason: undefined,
    firstWordMs: undefined,
    totalMs: undefined,
    error: undefined,
    receipt: undefined,
  }
  if (!turns.some(({ id }) => id === happened.turn))
    return [...turns, { id: happened.turn, text: happened.text, answers: [answer] }]
  return turns.map((turn) =>
    turn.id === happened.turn ? { ...turn, answers: [...turn.answers, answer] } : turn,
  )
}

function change(turns: readonly Turn[], id: number, to: (answer: Answer) => Answer): readonly Turn[] {
  return turns.map((turn) =>
    turn.answers.some((answer) => answer.id === id)
      ? { ...turn, answers: turn.answers.map((answer) => (answer.id === id ? to(answer) : answer)) }
      : turn,
  )
}

function applyEvent(answer: Answer, event: AnswerEvent, at: number): Answer {
  switch (event.kind) {
    case 'opened':
      return { ...answer, facts: event.facts, model: event.facts.model ?? answer.model }
    case 'model':
      return { ...answer, model: answer.facts?.model ?? event.model }
    case 'text':
      return {
        ...answer,
        state: 'streaming',
        text: answer.text + event.text,
        firstWordMs: answer.firstWordMs ?? at,
      }
    case 'usage':
      return {
        ...answer,
        inputTokens: event.inputTokens ?? answer.inputTokens,
        outputTokens: event.outputTokens ?? answer.outputTokens,
      }
    case 'ended':
      return { ...answer, state: 'done', stopReason: event.stopReason, totalMs: at }
    case 'failed':
      return { ...answer, state: 'failed', error: event.error, totalMs: at }
  }
}
