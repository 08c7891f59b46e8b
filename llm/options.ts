/**
 * What a program can say about one request, and what it gets wrong: names as JavaScript writes them, checked before
 * anything is sent. The shape of messages is shared/messages.ts's affair.
 */
import * as z from 'zod'
import { STRATEGIES } from '../edge/strategy.ts'
import { RouterError } from '../shared/errors.ts'
import { type ContentBlock, contentBlockSchema, describeIssue } from '../shared/messages.ts'

/** A message as the Messages API takes it. Those of role `system` before the first other one join `system`. */
export type LLMMessage = {
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: string | readonly ContentBlock[]
}

const number = (least: number, most: number) => {
  const error = `must be a number from ${least} to ${most}`
  return z.number({ error }).min(least, { error }).max(most, { error }).optional()
}
const wholeNumber = (least: number) => {
  const error = `must be a whole number of at least ${least}`
  return z.int({ error }).min(least, { error }).optional()
}

const optionsSchema = z.strictObject(
  {
    /** Tokens of the answer at most; 1024 where not given. The local model has a limit of its own below that. */
    maxTokens: wholeNumber(1),
    temperature: number(0, 2),
    topP: number(0, 1),
    topK: wholeNumber(0),
    system: z
      .union([z.string(), z.array(contentBlockSchema)], {
        error: 'must be a string or an array of text blocks',
      })
      .optional(),
    stopSequences: z.array(z.string(), { error: 'must be an array of strings' }).optional(),
    /** `auto` (the router picks), `local`, or a Claude model. */
    model: z
      .string({ error: 'must be the name of a model' })
      .min(1, { error: 'must not be empty' })
      .optional(),
    tools: z.array(z.unknown(), { error: 'must be an array of tools' }).optional(),
    toolChoice: z.looseObject({ type: z.string() }, { error: 'must be an object with "type"' }).optional(),
    thinking: z.looseObject({ type: z.string() }, { error: 'must be an object with "type"' }).optional(),
    metadata: z.looseObject({}, { error: 'must be an object' }).optional(),
    /** Other fields of the Messages API, in its own spelling. */
    extraBody: z.record(z.string(), z.unknown(), { error: 'must be an object' }).optional(),
    /** Values of `anthropic-beta`. */
    betas: z.array(z.string(), { error: 'must be an array of strings' }).optional(),
    /** Ends the request; what awaits it gets an error of code `cancelled`. */
    signal: z.instanceof(AbortSignal, { error: 'must be an AbortSignal' }).optional(),
    force: z.enum(['local', 'claude'], { error: 'must be "local" or "claude"' }).optional(),
    /** For this request only. */
    strategy: z.enum(STRATEGIES, { error: `must be one of ${STRATEGIES.join(', ')}` }).optional(),
    cache: z.enum(['use', 'skip', 'refresh'], { error: 'must be "use", "skip" or "refresh"' }).optional(),
    /** `local`: the request never leaves for Claude. */
    privacy: z.enum(['local'], { error: 'must be "local"' }).optional(),
  },
  { error: 'must be an object' },
)

export type GenerateOptions = Readonly<z.input<typeof optionsSchema>>
/** Options of the direct ways, which say by themselves who is asked. */
export type DirectOptions = Omit<GenerateOptions, 'force' | 'strategy' | 'privacy' | 'model'> & {
  readonly model?: string | undefined
}

/** @throws {RouterError} `invalid_request` that names the option and says what it must be */
export function checkOptions(options: unknown): z.infer<typeof optionsSchema> {
  const parsed = optionsSchema.safeParse(options)
  if (!parsed.success) throw new RouterError('invalid_request', describe(parsed.error.issues[0]))
  const { privacy, force, model } = parsed.data
  if (privacy === 'local' && force === 'claude')
    throw new RouterError('invalid_request', 'privacy "local" and force "claude" contradict each other.')
  if (model === 'local' && force === 'claude')
    throw new RouterError('invalid_request', 'model "local" and force "claude" contradict each other.')
  return parsed.data
}

function describe(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'unrecognized_keys') {
    const known = Object.keys(optionsSchema.shape).join(', ')
    return `Unknown option ${issue.keys.map((key) => `"${key}"`).join(', ')}. Possible: ${known}. Other fields of the Messages API go into extraBody.`
  }
  return issue !== undefined && issue.path.length === 0 ? `options: ${issue.message}` : describeIssue(issue)
}
