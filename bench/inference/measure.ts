/**
 * Measures one contender inside its own process: how long answers take, what an arrival costs those who are running.
 * Chooses no questions and compares nothing.
 */
import type { Answer, Answers, Arrival, Contender, Duration, Question } from './contender.ts'

/** Returns a clock that tells the time since it was started. */
function startClock(): () => Duration {
  const cpu = process.cpuUsage()
  const wall = performance.now()
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return { cpuMs: (user + system) / 1_000, wallMs: performance.now() - wall }
  }
}

/** Answers all questions, at most `streams` of them at once. */
export async function measureAnswers(
  contender: Contender,
  questions: readonly Question[],
  maxTokens: number,
  streams: number,
): Promise<Answers> {
  const answers: Answer[] = new Array(questions.length)
  const waiting = questions.entries()
  const never = new AbortController().signal
  const clock = startClock()
  const stream = async () => {
    for (const [index, question] of waiting)
      answers[index] = await contender.answer(question, maxTokens, () => {}, never)
  }
  await Promise.all(Array.from({ length: streams }, stream))
  return { took: clock(), answers }
}

/**
 * Lets one question arrive while others are being answered; ends all of them once each has gone on.
 * @param maxTokens of each running answer
 */
export async function measureArrival(
  contender: Contender,
  question: Question,
  running: readonly Question[],
  maxTokens: number,
): Promise<Arrival> {
  const stop = new AbortController()
  const clock = startClock()
  const changed = createSignal()
  const watched = running.map((each) => watch(contender, each, maxTokens, stop.signal, clock, changed.tell))
  // Where answers are made one after another, those behind the first have not begun.
  const inProgress = watched.slice(0, contender.rows)
  // The first token comes with the prompt, the second from a step that others share.
  await changed.until(() => inProgress.every(({ tokens, done }) => tokens >= 2 || done))
  for (const each of watched) each.longest = ZERO
  const arrivedAt = clock()
  let firstAt: Duration | undefined
  await contender.answer(question, 1, () => (firstAt ??= clock()), stop.signal)
  firstAt ??= clock()
  const seen = inProgress.map(({ tokens }) => tokens)
  await changed.until(() => inProgress.every(({ tokens, done }, index) => tokens !== seen[index] || done))
  stop.abort()
  await changed.until(() => watched.every(({ done }) => done))
  const shared = running.length > 0 && running.length < contender.rows
  return {
    firstToken: between(arrivedAt, firstAt),
    longestStall: shared ? watched.map(({ longest }) => longest).reduce(longerOf) : null,
  }
}

const ZERO: Duration = { cpuMs: 0, wallMs: 0 }

/** An answer in the making: its tokens so far, the longest time between two of them. */
type Watched = { tokens: number; longest: Duration; done: boolean }

function watch(
  contender: Contender,
  question: Question,
  maxTokens: number,
  signal: AbortSignal,
  clock: () => Duration,
  onChange: () => void,
): Watched {
  const watched: Watched = { tokens: 0, longest: ZERO, done: false }
  let last = clock()
  const onToken = () => {
    const now = clock()
    watched.tokens++
    watched.longest = longerOf(watched.longest, between(last, now))
    last = now
    onChange()
  }
  const end = () => {
    watched.done = true
    onChange()
  }
  void contender.answer(question, maxTokens, onToken, signal).finally(end)
  return watched
}

/** Lets one wait for a condition that changes when it is told, without spending processor time on asking. */
function createSignal() {
  let wake = () => {}
  return {
    tell: () => wake(),
    async until(condition: () => boolean): Promise<void> {
      while (!condition())
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    },
  }
}

function between(from: Duration, to: Duration): Duration {
  return { cpuMs: to.cpuMs - from.cpuMs, wallMs: to.wallMs - from.wallMs }
}

function longerOf(left: Duration, right: Duration): Duration {
  return { cpuMs: Math.max(left.cpuMs, right.cpuMs), wallMs: Math.max(left.wallMs, right.wallMs) }
}
