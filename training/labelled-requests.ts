/**
 * Labelled requests as files of JSON lines: read, checked, and told apart. Knows no classifier.
 *
 * A row of the project's own says `turns`, alternating from the user's first to the user's last; a row from elsewhere may
 * carry a whole Messages request and the name of its source instead.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { type MessagesRequest, parseMessagesRequest, textOf } from '../shared/messages.ts'
import { isSimpleTask, TASKS, type Task } from '../shared/tasks.ts'
import { createDuplicateFinder } from './duplicates.ts'
import { parseRows } from './json-rows.ts'

export type LabelledRequest = {
  readonly id: string
  /** Rows of one source are alike: none may judge the others. The intent, for rows of the project's own. */
  readonly source: string
  readonly complex: boolean
  readonly task: Task | undefined
  readonly language: string | undefined
  /** Whether a wrong answer could do harm; undefined where nobody has said. */
  readonly sensitive: boolean | undefined
  /** A row of the other label that looks alike. */
  readonly partner: string | undefined
  readonly request: MessagesRequest
}

const label = z.enum(['simple', 'complex'])
const task = z.enum(TASKS)
const ownRow = z.strictObject({
  id: z.string().min(1),
  intent: z.string().min(1),
  label,
  task,
  language: z.string().regex(/^[a-z]{2,3}$/),
  turns: z
    .array(z.string().min(1))
    .min(1)
    .refine((turns) => turns.length % 2 === 1, 'must end with a turn of the user'),
  system: z.string().min(1).optional(),
  partner: z.string().optional(),
  sensitive: z.enum(['health', 'crisis', 'danger', 'legal', 'money']).optional(),
})
const foreignRow = z.looseObject({
  id: z.union([z.string(), z.number()]),
  source: z.string().optional(),
  label,
  task: task.optional().catch(undefined),
  lang: z.string().optional(),
  request: z.looseObject({}),
})

/** What becomes of a row that says nearly the same as one before: rows that are written are not to, traffic does. */
export type OnDuplicate = 'reject' | 'skip' | 'keep'

/**
 * Returns the rows of files and of the `.jsonl` files of folders. A row whose partner was skipped has none.
 * @param known rows that were read before: none of these may have their ids or say what they say
 * @throws {Error} that names file and line of the first row that is malformed, contradicts its partner, or repeats another
 */
export function readLabelledRequests(
  paths: readonly string[],
  onDuplicate: OnDuplicate,
  known: readonly LabelledRequest[] = [],
): readonly LabelledRequest[] {
  if (paths.length === 0) return []
  const rows = new Map(known.map((row) => [row.id, row]))
  const places = new Map<string, string>()
  const skipped = new Set<string>()
  const findTwin = onDuplicate === 'keep' ? () => undefined : createTwinFinder(known)
  for (const file of paths.flatMap(filesOf))
    for (const { where, row } of parseRows(readFileSync(file, 'utf8'), file, fromRow)) {
      const twin = findTwin(row)
      if (twin !== undefined && onDuplicate === 'skip') skipped.add(row.id)
      else if (rows.has(row.id)) throw new Error(`${where}: the id ${row.id} is taken. Give it another one.`)
      else if (twin !== undefined) throw new Error(`${where}: ${row.id} says nearly the same as ${twin}.`)
      else {
        rows.set(row.id, row)
        places.set(row.id, where)
      }
    }
  return [...rows.values()].slice(known.length).map((row) => {
    if (row.partner !== undefined && !rows.has(row.partner) && skipped.has(row.partner))
      return { ...row, partner: undefined }
    const problem = problemOfPartner(row, rows)
    if (problem !== undefined) throw new Error(`${places.get(row.id)}: ${row.id}: ${problem}`)
    return row
  })
}

/** Returns a function that keeps a row and returns the id of one before that says nearly the same, or undefined. */
function createTwinFinder(known: readonly LabelledRequest[]): (row: LabelledRequest) => string | undefined {
  const find = createDuplicateFinder()
  const findTwin = (row: LabelledRequest) =>
    find(row.id, { whole: spokenText(row), lastTurn: lastTurnOf(row) })
  for (const row of known) findTwin(row)
  return findTwin
}

/** Returns what is said in a request, earlier turns and system prompt before the last turn. */
export function spokenText({ request }: Pick<LabelledRequest, 'request'>): string {
  return [request.system, ...request.messages.map(({ content }) => content)].map(textOf).join('\n')
}

/** Says whether a request brings no tools: with them it is complex whatever it says. */
export function usesNoTools({ request }: Pick<LabelledRequest, 'request'>): boolean {
  return !Array.isArray(request.tools) || request.tools.length === 0
}

function lastTurnOf({ request }: LabelledRequest): string {
  return textOf(request.messages.findLast(({ role }) => role === 'user')?.content ?? '')
}

function filesOf(path: string): readonly string[] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new Error(`${path}: there is no such file or folder of rows.`)
  if (!found.isDirectory()) return [path]
  return readdirSync(path)
    .filter((name) => name.endsWith('.jsonl'))
    .toSorted()
    .map((name) => join(path, name))
}

function fromRow(value: unknown): LabelledRequest {
  const isOwn = typeof value === 'object' && value !== null && 'turns' in value
  return isOwn ? fromOwnRow(ownRow.parse(value)) : fromForeignRow(foreignRow.parse(value))
}

function fromOwnRow({ id, intent, turns, system, ...row }: z.infer<typeof ownRow>): LabelledRequest {
  const complex = row.label === 'complex'
  if (isSimpleTask(row.task) === complex) throw new Error(`a ${row.label} request cannot be ${row.task}`)
  const messages = turns.map((content, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content }))
  return {
    id,
    source: intent,
    complex,
    task: row.task,
    language: row.language,
    sensitive: row.sensitive !== undefined,
    partner: row.partner,
    request: toRequest({ ...(system === undefined ? {} : { system }), messages }),
  }
}

function fromForeignRow({
  id,
  source,
  label,
  task,
  lang,
  request,
}: z.infer<typeof foreignRow>): LabelledRequest {
  return {
    id: String(id),
    source: source ?? 'added',
    complex: label === 'complex',
    task,
    language: lang,
    sensitive: undefined,
    partner: undefined,
    request: toRequest(request),
  }
}

function toRequest(request: object): MessagesRequest {
  return parseMessagesRequest({ max_tokens: 256, ...request, model: 'auto' })
}

function problemOfPartner(
  row: LabelledRequest,
  rows: ReadonlyMap<string, LabelledRequest>,
): string | undefined {
  if (row.partner === undefined) return undefined
  const partner = rows.get(row.partner)
  if (!partner) return `its partner ${row.partner} is missing.`
  return partner.complex === row.complex ? 'its partner has the same label.' : undefined
}
