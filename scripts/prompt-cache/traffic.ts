/**
 * The patterns of traffic that marking is tried on: requests over hours, made by chance from a seed. Decides nothing and
 * prices nothing.
 */
import type { SimulatedRequest } from './cache-model.ts'

export type Pattern = {
  readonly name: string
  readonly make: (random: () => number) => SimulatedRequest[]
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const SYSTEM = { id: 'bot', tokens: 2_000 }
const AGENT = { id: 'agent', tokens: 12_000 }
const NONE = { id: 'none', tokens: 0 }
/** Of the present models. */
const leastTokens = 512

/** The patterns of the issue, then those that were looked for because they might lose. */
export const PATTERNS: readonly Pattern[] = [
  ...[1, 10, 100].map((rate) => ({
    name: `chat bot, system prompt of 2,000 tokens, ${rate} single ${rate === 1 ? 'question' : 'questions'} an hour`,
    make: (random: () => number) => singleQuestions(random, rate, SYSTEM),
  })),
  ...[1, 10, 100].map((rate) => ({
    name: `the same bot, ${rate} ${rate === 1 ? 'conversation' : 'conversations'} of about four turns an hour`,
    make: (random: () => number) =>
      conversations(random, { rate, turns: 4, gapMs: 45 * SECOND, adds: 150, instructions: SYSTEM }),
  })),
  {
    name: 'agent sessions: tools and system prompt of 12,000 tokens, about forty turns of 1,500',
    make: (random) =>
      conversations(random, { rate: 2, turns: 40, gapMs: 12 * SECOND, adds: 1_500, instructions: AGENT }),
  },
  { name: 'unique prompts of 3,000 tokens, 60 an hour', make: (random) => uniquePrompts(random, 60) },
  {
    name: 'FAQ bursts: 30 questions in five minutes, ten different ones, every two hours',
    make: (random) => bursts(random, { everyMs: 2 * HOUR, questions: 30, different: 10, overMs: 5 * MINUTE }),
  },
  {
    name: 'FAQ bursts at once: 30 questions within two seconds',
    make: (random) => bursts(random, { everyMs: HOUR, questions: 30, different: 10, overMs: 2 * SECOND }),
  },
  {
    name: 'two single questions at once, three times an hour',
    make: (random) =>
      bursts(random, { everyMs: 20 * MINUTE, questions: 2, different: 1_000_000, overMs: 0.3 * SECOND }),
  },
  {
    name: 'samples: each prompt of 3,000 tokens five times at once, a new one every two minutes',
    make: (random) => samples(random, { everyMs: 2 * MINUTE, times: 5, overMs: 0.3 * SECOND }),
  },
  ...[2, 3, 4, 6].map((rate) => ({
    name: `single questions, ${rate} an hour (about where writing begins to pay)`,
    make: (random: () => number) => singleQuestions(random, rate, SYSTEM),
  })),
  { name: 'one question every six minutes', make: () => regular([6 * MINUTE]) },
  {
    name: 'one question after four minutes, the next after six, in turn',
    make: () => regular([4 * MINUTE, 6 * MINUTE]),
  },
  {
    name: 'pairs of questions: two a minute apart, then an hour nothing',
    make: () => regular([MINUTE, HOUR]),
  },
  {
    name: 'made to mislead: a question a minute after another, then four that come too late',
    make: () => regular([MINUTE, 6 * MINUTE, 6 * MINUTE, 6 * MINUTE, 6 * MINUTE]),
  },
  {
    name: 'conversations of exactly two turns, no system prompt, first turn of 3,000 tokens',
    make: (random) =>
      conversations(random, {
        rate: 20,
        turns: 2,
        exact: true,
        gapMs: MINUTE,
        adds: 3_000,
        instructions: NONE,
      }),
  },
  {
    name: 'conversations with long pauses: two in three turns come after six minutes',
    make: (random) =>
      conversations(random, { rate: 6, turns: 8, gapMs: 9 * MINUTE, adds: 1_000, instructions: NONE }),
  },
  {
    name: 'clients that cut their history: every turn begins elsewhere',
    make: (random) =>
      conversations(random, {
        rate: 20,
        turns: 10,
        gapMs: 30 * SECOND,
        adds: 400,
        instructions: NONE,
        forgets: true,
      }),
  },
]

/** Seconds from sending to the first word, and to the last. */
function answering(random: () => number) {
  const beginsMs = (0.8 + random() * 1.5) * SECOND
  return { beginsMs, endsMs: beginsMs + (1 + random() * 8) * SECOND }
}

const REQUESTS = 2_000

function singleQuestions(random: () => number, rate: number, instructions: SimulatedRequest['instructions']) {
  let at = 0
  return Array.from({ length: REQUESTS }, (_, index): SimulatedRequest => {
    at += exponential(random, HOUR / rate)
    const tokens = instructions.tokens + 20 + Math.round(random() * 80)
    const conversation = { before: undefined, after: `q${index}` }
    return { at, scope: 'bot', instructions, conversation, tokens, leastTokens, ...answering(random) }
  })
}

function uniquePrompts(random: () => number, rate: number): SimulatedRequest[] {
  return singleQuestions(random, rate, NONE).map((request, index) => ({
    ...request,
    instructions: { id: `unique${index}`, tokens: 2_500 },
    tokens: 3_000,
  }))
}

function regular(gaps: readonly number[]): SimulatedRequest[] {
  let at = 0
  return Array.from({ length: REQUESTS }, (_, index) => {
    at += gaps[index % gaps.length] ?? 0
    const conversation = { before: undefined, after: `q${index}` }
    return {
      at,
      scope: 'bot',
      instructions: SYSTEM,
      conversation,
      tokens: 2_050,
      leastTokens,
      beginsMs: 1_000,
      endsMs: 4_000,
    }
  })
}

type Conversations = {
  /** Begun an hour. */
  readonly rate: number
  /** On average; after each one more follows by chance. */
  readonly turns: number
  readonly exact?: boolean
  readonly gapMs: number
  /** Tokens of one turn and its answer. */
  readonly adds: number
  readonly instructions: SimulatedRequest['instructions']
  readonly forgets?: boolean
}

function conversations(random: () => number, kind: Conversations): SimulatedRequest[] {
  const { rate, turns, exact = false, gapMs, adds, instructions, forgets = false } = kind
  const requests: SimulatedRequest[] = []
  let begun = 0
  for (let number = 0; requests.length < REQUESTS; number++) {
    begun += exponential(random, HOUR / rate)
    let at = begun
    let tokens = instructions.tokens
    let before: string | undefined
    for (let turn = 1; exact ? turn <= turns : turn === 1 || random() < 1 - 1 / turns; turn++) {
      if (turn > 1) at += 3 * SECOND + exponential(random, gapMs)
      tokens = forgets ? instructions.tokens + 6 * adds : tokens + Math.round(adds * (0.5 + random()))
      const after = `c${number}.${turn}`
      const conversation = { before: forgets && turn > 1 ? `cut${number}.${turn}` : before, after }
      requests.push({
        at,
        scope: 'bot',
        instructions,
        conversation,
        tokens,
        leastTokens,
        ...answering(random),
      })
      before = after
    }
  }
  return requests.sort((one, other) => one.at - other.at)
}

type Bursts = {
  readonly everyMs: number
  readonly questions: number
  readonly different: number
  readonly overMs: number
}

function bursts(random: () => number, { everyMs, questions, different, overMs }: Bursts): SimulatedRequest[] {
  return Array.from({ length: REQUESTS }, (_, index): SimulatedRequest => {
    const burst = Math.floor(index / questions)
    const conversation = { before: undefined, after: `faq${Math.floor(random() * different)}` }
    const at = burst * everyMs + random() * overMs
    return {
      at,
      scope: 'faq',
      instructions: SYSTEM,
      conversation,
      tokens: 2_060,
      leastTokens,
      ...answering(random),
    }
  }).sort((one, other) => one.at - other.at)
}

type Samples = { readonly everyMs: number; readonly times: number; readonly overMs: number }

function samples(random: () => number, { everyMs, times, overMs }: Samples): SimulatedRequest[] {
  return Array.from({ length: REQUESTS }, (_, index): SimulatedRequest => {
    const prompt = Math.floor(index / times)
    return {
      at: prompt * everyMs + random() * overMs,
      scope: 'samples',
      instructions: NONE,
      conversation: { before: undefined, after: `prompt${prompt}` },
      tokens: 3_000,
      leastTokens,
      ...answering(random),
    }
  }).sort((one, other) => one.at - other.at)
}

function exponential(random: () => number, mean: number): number {
  return -Math.log(1 - random()) * mean
}
