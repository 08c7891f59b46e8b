/**
 * The model card: what a local model may be trusted with, said by the container on `/readyz` and by the catalogue, read
 * by the router. A server without a card is one of which nothing is known; nothing is inferred from what is missing.
 */
import * as z from 'zod/mini'
import { SIMPLE_TASKS, type SimpleTask } from './tasks.ts'

/** `none`: never asked; `set_phrases`: texts that consist of set phrases only; `full`: every request of the task. */
export const TRUST_LEVELS = ['none', 'set_phrases', 'full'] as const
export type Trust = (typeof TRUST_LEVELS)[number]

const trust = z.enum(TRUST_LEVELS)
const taskTrust = z.object({
  simple_chat: trust,
  simple_qa: trust,
  summarization: trust,
  classification: trust,
} satisfies Record<SimpleTask, typeof trust>)

/** How far the model is trusted with each simple task. */
export type TaskTrust = Readonly<z.infer<typeof taskTrust>>

const modelCardSchema = z.object({
  trust: taskTrust,
  /** The only languages that it speaks well, as codes such as `en`; null where there are many. */
  languages: z.nullable(z.readonly(z.array(z.string()))),
  /** The highest temperature at which it still makes sense; null where the client's own is taken. */
  maxTemperature: z.nullable(z.number()),
  /** What measured it, such as `exam 2026-11: 71 %`; null where nothing did. */
  exam: z.nullable(z.string()),
})
export type ModelCard = Readonly<z.infer<typeof modelCardSchema>>

/** Returns the trust that `levelOf` gives each simple task. */
export function trustByTask(levelOf: (task: SimpleTask) => Trust): TaskTrust {
  return {
    simple_chat: levelOf('simple_chat'),
    simple_qa: levelOf('simple_qa'),
    summarization: levelOf('summarization'),
    classification: levelOf('classification'),
  }
}

/** Returns the same trust for every simple task. */
export function uniformTrust(level: Trust): TaskTrust {
  return trustByTask(() => level)
}

/** Returns what a person reads of it, such as `simple_chat (set phrases only), summarization`. */
export function describeTrust(trust: TaskTrust): string {
  const tasks = SIMPLE_TASKS.filter((task) => trust[task] !== 'none').map((task) =>
    trust[task] === 'set_phrases' ? `${task} (set phrases only)` : task,
  )
  return tasks.length === 0 ? 'trusted with no task' : tasks.join(', ')
}

/**
 * Returns the card in what a server reported, undefined where it reports none. A card that cannot be read, because its
 * server is of another version, trusts with nothing: that something is said is known, what is said is not.
 */
export function readModelCard(reported: unknown): ModelCard | undefined {
  if (reported === undefined || reported === null) return undefined
  const parsed = modelCardSchema.safeParse(reported)
  return parsed.success
    ? parsed.data
    : { trust: uniformTrust('none'), languages: null, maxTemperature: null, exam: null }
}
