/**
 * Ids of tool calls: in the alphabet of the Messages API and unique over the whole conversation, which OpenAI demands of
 * neither. Keeps calls and their results together.
 */

export type ToolCallIds = {
  /** Call before the calls of another assistant message: results belong to the latest one. */
  readonly nextTurn: () => void
  /** Returns the id for a call that the client names so. */
  readonly call: (id: string) => string
  /** Returns the id of the call that a result with this id answers. */
  readonly result: (id: string) => string
}

/** Returns the ids of one conversation, whose messages are to be given in order. */
export function createToolCallIds(): ToolCallIds {
  const used = new Set<string>()
  const repeats = new Map<string, number>()
  const latest = new Map<string, string>()
  /** Read on by place: of thousands of calls with one id, taking each out would move all others. */
  const unanswered = new Map<string, { readonly given: string[]; answered: number }>()

  const unique = (id: string): string => {
    for (let candidate = id; ; ) {
      if (!used.has(candidate)) {
        used.add(candidate)
        return candidate
      }
      const repeat = (repeats.get(id) ?? 1) + 1
      repeats.set(id, repeat)
      candidate = `${id}_${repeat}`
    }
  }

  return {
    nextTurn: () => unanswered.clear(),
    call(id) {
      const given = unique(toToolUseId(id))
      latest.set(id, given)
      const open = unanswered.get(id)
      if (open === undefined) unanswered.set(id, { given: [given], answered: 0 })
      else open.given.push(given)
      return given
    },
    result(id) {
      const open = unanswered.get(id)
      const next = open?.given[open.answered]
      if (open !== undefined) open.answered++
      return next ?? latest.get(id) ?? toToolUseId(id)
    },
  }
}

/**
 * Returns an id that the Messages API takes (`[a-zA-Z0-9_-]+`); other characters, which some servers put into
 * their ids (`functions.search:0`), are written as `_x` and their code, so that different ids stay different.
 */
export function toToolUseId(id: string): string {
  return id.replaceAll(/[^a-zA-Z0-9_-]/g, (character) => `_x${character.charCodeAt(0).toString(16)}`)
}
