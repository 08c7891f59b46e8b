/**
 * What this isolate remembers of prompts, and which parts of the next one are worth a mark for Claude's prompt cache. Two
 * parts may be: the instructions (tools and system prompt, which many conversations share) and the conversation (everything, of
 * which the next turn finds the beginning again). Reads no request and writes no bytes; holds fingerprints and numbers.
 */
import { LRUCache } from 'lru-cache'
import type { Usage } from '../../shared/messages.ts'
import { arrive, type Cached, isWarm, isWithin, newCached, WRITING_MS } from './cached-prefix.ts'
import {
  cameAgain,
  pays,
  READ_SAVES,
  startingWorth,
  stayedAway,
  type Worth,
  WRITE_COSTS,
  wasMissed,
  wasRead,
} from './worth.ts'

export type Prompt = {
  /** Whose prompt for which model: nothing is known across scopes. */
  readonly scope: string
  /** By what it is known again, and whether it could be marked at all. */
  readonly instructions: { readonly id: string; readonly markable: boolean }
  /** By what the turn before left it (undefined in a first turn), and by what this turn leaves it. */
  readonly conversation: {
    readonly before: string | undefined
    readonly after: string
    readonly markable: boolean
  }
  /** Of the whole prompt, in any unit. */
  readonly size: number
}

/**
 * `first_sight`: not seen within the cache's life; `unread_writes`: it comes back too seldom, or Claude does not find it again;
 * `being_written`: another request is writing it, and nobody can read it before that one is answered.
 */
export type MarkReason = 'added' | 'too_short' | 'first_sight' | 'unread_writes' | 'being_written'

export type Marking = {
  readonly instructions: MarkReason
  readonly conversation: MarkReason
  /** Claude has begun to answer: from now on others can read what was marked. */
  readonly begun: () => void
  /** It was not sent, or is not answered: nothing is being written. */
  readonly abandoned: () => void
  /** What its answer told of the cache. */
  readonly settle: (usage: Usage) => void
}

export type PrefixMemory = {
  /** Says what to mark, without counting the request. */
  readonly preview: (prompt: Prompt, at: number) => Pick<Marking, 'instructions' | 'conversation'>
  /** The same for a request that is sent, which counts. */
  readonly consider: (prompt: Prompt, at: number) => Marking
}

export type PrefixMemoryOptions = {
  readonly maxInstructions?: number
  readonly maxConversations?: number
}

/** Turns of one kind of conversation of which it is not known yet whether another follows. */
const MOST_OPEN = 64
/** Of a kind of turn that has never been followed by another, so many are marked at a time. */
const MOST_UNPROVEN = 2
/** How far a conversation has come, as far as its worth is told apart: seen once, twice, more often. */
const STAGES = 3
/** Who came back once is given the benefit of the doubt. */
const BACK_ALREADY = 0.5

type Stage = { worth: Worth; proven: boolean; unproven: number }
type Turn = { readonly stage: Stage; readonly at: number; open: boolean }

type Instructions = Cached & {
  worth: Worth
  readonly stages: readonly Stage[]
  /** Oldest first. */
  readonly turns: Turn[]
}

type Conversation = Cached & {
  sightings: number
  turn: Turn | undefined
  /** What the last marked turn left, by its own size and in tokens. */
  cachedSize: number
  cachedTokens: number
  misses: number
}

/** Some 500 bytes each. */
const MAX_INSTRUCTIONS = 2_000
const MAX_CONVERSATIONS = 10_000
/** A conversation that Claude twice did not find again is not what it looks like. */
const MOST_MISSES = 2

/** Returns an empty memory; of too many prompts those seen longest ago are forgotten. */
export function createPrefixMemory({
  maxInstructions = MAX_INSTRUCTIONS,
  maxConversations = MAX_CONVERSATIONS,
}: PrefixMemoryOptions = {}): PrefixMemory {
  const known = new LRUCache<string, Instructions>({ max: maxInstructions })
  const conversations = new LRUCache<string, Conversation>({ max: maxConversations })
  const recall = ({ scope, instructions, conversation: { before, after } }: Prompt) => {
    const key = `${scope} ${instructions.id}`
    const same = conversations.get(`${key} ${after}`)
    const earlier = before === undefined ? undefined : conversations.get(`${key} ${before}`)
    // The turn before stays as it was, for those who go on from it in another way.
    const talk = same ?? { ...(earlier ?? newConversation()) }
    return { key, record: known.get(key) ?? newInstructions(), talk }
  }

  return {
    preview(prompt, at) {
      const { record, talk } = recall(prompt)
      const copy = structuredClone({ record, talk })
      return seen(copy.record, copy.talk, prompt, at)
    },
    consider(prompt, at) {
      const { key, record, talk } = recall(prompt)
      known.set(key, record)
      conversations.set(`${key} ${prompt.conversation.after}`, talk)
      return mark(record, talk, prompt, at)
    },
  }
}

function newInstructions(): Instructions {
  const stages = Array.from({ length: STAGES }, (_, stage) => ({
    worth: startingWorth(stage === 0 ? 0 : BACK_ALREADY),
    proven: false,
    unproven: 0,
  }))
  return { ...newCached(), worth: startingWorth(), stages, turns: [] }
}

function newConversation(): Conversation {
  return { ...newCached(), sightings: 0, turn: undefined, cachedSize: 0, cachedTokens: 0, misses: 0 }
}

/** Notes that the prompt came, and returns what to mark of it. */
function seen(record: Instructions, talk: Conversation, prompt: Prompt, at: number) {
  const stage = noteArrival(record, talk, at)
  return {
    instructions: prompt.instructions.markable ? judge(record, pays(record.worth), at) : 'too_short',
    conversation: prompt.conversation.markable
      ? judge(talk, talk.misses < MOST_MISSES && (isCheap(talk, prompt, at) || stagePays(stage)), at)
      : 'too_short',
  } as const
}

/** Settles what was open until now: who came back, who did not. */
function noteArrival(record: Instructions, talk: Conversation, at: number): Stage {
  const instructionsCame = arrive(record, at)
  if (instructionsCame === 'again') record.worth = cameAgain(record.worth)
  if (instructionsCame === 'late') record.worth = stayedAway(record.worth)
  while (record.turns[0] !== undefined && !isWithin(record.turns[0].at, at))
    close(record.turns.shift(), false)
  const came = arrive(talk, at)
  // One of several at once is no turn of its own: nothing that the others leave could be read by it.
  if (came === 'beside' && talk.turn !== undefined) return talk.turn.stage
  if (came === 'again') close(talk.turn, true)
  else Object.assign(talk, { ...newConversation(), usedAt: at, unansweredSince: at })
  talk.sightings++
  const stage = record.stages[Math.min(talk.sightings, STAGES) - 1]
  if (stage === undefined) throw new Error('There is a stage for every number of sightings.')
  talk.turn = { stage, at, open: true }
  record.turns.push(talk.turn)
  if (record.turns.length > MOST_OPEN) record.turns.shift()
  return stage
}

function close(turn: Turn | undefined, cameBack: boolean): void {
  if (turn === undefined || !turn.open) return
  turn.open = false
  turn.stage.worth = cameBack ? cameAgain(turn.stage.worth) : stayedAway(turn.stage.worth)
  if (cameBack) turn.stage.proven = true
}

function stagePays(stage: Stage): boolean {
  return pays(stage.worth) && (stage.proven || stage.unproven < MOST_UNPROVEN)
}

/** What the last turn left can be read, and is worth more than what this turn adds costs to write. */
function isCheap(talk: Conversation, { size }: Prompt, at: number): boolean {
  const added = Math.max(0, size - talk.cachedSize)
  return isWarm(talk, at) && READ_SAVES * talk.cachedSize > WRITE_COSTS * added
}

function judge(cached: Cached, isWorth: boolean, at: number): MarkReason {
  if (!isWorth) return cached.everMarked ? 'unread_writes' : 'first_sight'
  const { writingSince } = cached
  const isBeingWritten = writingSince !== undefined && at - writingSince < WRITING_MS && !isWarm(cached, at)
  return isBeingWritten ? 'being_written' : 'added'
}

function mark(record: Instructions, talk: Conversation, prompt: Prompt, at: number): Marking {
  const { instructions, conversation } = seen(record, talk, prompt, at)
  const marked = [...(instructions === 'added' ? [record] : []), ...(conversation === 'added' ? [talk] : [])]
  const expected = {
    instructions: isWarm(record, at),
    conversation: isWarm(talk, at),
    tokens: talk.cachedTokens,
  }
  const { turn } = talk
  for (const cached of marked) {
    cached.everMarked = true
    if (!isWarm(cached, at)) cached.writingSince = at
  }
  if (conversation === 'added' && turn !== undefined && !turn.stage.proven) turn.stage.unproven++
  return {
    instructions,
    conversation,
    abandoned() {
      // Where it has taken so long that another request began to write, that one still does.
      for (const cached of marked) if (cached.writingSince === at) cached.writingSince = undefined
    },
    begun() {
      for (const cached of [record, talk]) cached.answeredAt = Math.max(cached.answeredAt ?? at, at)
      for (const cached of marked) {
        cached.writingSince = undefined
        cached.cachedAt = Math.max(cached.cachedAt ?? at, at)
      }
    },
    settle(usage) {
      const read = usage.cache_read_input_tokens ?? 0
      const cachedTokens = read + (usage.cache_creation_input_tokens ?? 0)
      if (marked.length === 0 || cachedTokens === 0) return
      if (instructions === 'added') {
        if (read > 0) record.worth = wasRead(record.worth)
        else if (expected.instructions) record.worth = wasMissed(record.worth)
      }
      if (conversation !== 'added') return
      if (expected.conversation && turn !== undefined) {
        const isFound = read * 2 >= expected.tokens
        talk.misses = isFound ? 0 : talk.misses + 1
        turn.stage.worth = isFound ? wasRead(turn.stage.worth) : wasMissed(turn.stage.worth)
      }
      talk.cachedSize = prompt.size
      talk.cachedTokens = cachedTokens
    },
  }
}
