/**
 * Claude with a prompt cache, as its documentation describes it: writes at marks, reads the longest beginning that was written
 * within five minutes, and tells both in usage. About 2.5 characters are a token.
 */
import { createUsage } from '../../../shared/messages.ts'
import { claudeMessage } from './messages.ts'
import { answerNonStreaming, type Responder } from './upstreams.ts'

const LIFE_MS = 5 * 60_000

/** Returns the responder; `now` in milliseconds. */
export function cachingClaude(now: () => number, model = 'claude-sonnet-5-5'): Responder {
  const written = new Map<string, number>()
  return (hit, index) => {
    const body = JSON.parse(hit.text)
    const beginning = JSON.stringify([unmarked(body.tools), asBlocks(unmarked(body.system))])
    const turns: unknown[] = body.messages
    const upTo = (count: number) => beginning + JSON.stringify(unmarked(turns.slice(0, count)))
    const marks = [
      ...(body.cache_control === undefined ? [] : [turns.length]),
      ...(/"cache_control"/.test(JSON.stringify([body.system ?? '', body.tools ?? ''])) ? [0] : []),
    ]
    const whole = tokensOf(upTo(turns.length))
    const last = marks[0] === undefined ? 0 : tokensOf(upTo(marks[0]))
    const found = Array.from({ length: (marks[0] ?? -1) + 1 }, (_, count) => upTo(count)).filter(
      (prefix) => (written.get(prefix) ?? 0) > now(),
    )
    const read = Math.max(0, ...found.map(tokensOf))
    for (const mark of marks) written.set(upTo(mark), now() + LIFE_MS)
    const usage = {
      ...createUsage(whole - last, 7, read),
      cache_creation_input_tokens: last - read,
      cache_creation: { ephemeral_5m_input_tokens: last - read, ephemeral_1h_input_tokens: 0 },
    }
    return answerNonStreaming(claudeMessage({ model: body.model ?? model, usage }))(hit, index)
  }
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / 2.5)
}

/** A text and one block of it are the same. */
function asBlocks(system: unknown): unknown {
  return typeof system === 'string' ? [{ type: 'text', text: system }] : system
}

function unmarked(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (name, each) => (name === 'cache_control' ? undefined : each)),
  )
}
