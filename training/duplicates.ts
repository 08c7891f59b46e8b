/**
 * Finds texts that say nearly the same: by the share of pieces that two have in common. Case and punctuation but the question
 * mark do not tell texts apart, nor does a number or a word in a long one; short ones are told apart by every digit.
 */

const PIECE_CHARACTERS = 8
/** Above this share of common pieces (Jaccard) two texts are alike. */
const ALIKE = 0.7
/** Short texts are often alike by nature, and are alike only if they are the same. */
const SHORT_PIECES = 12
/** Pieces that stand in more texts than this tell nothing. */
const COMMON = 50

export type Spoken = {
  /** Everything that is said, earlier turns and system prompt included. */
  readonly whole: string
  readonly lastTurn: string
}

/** Returns what is said in a conversation of texts. */
export function spokenIn(conversation: {
  readonly system: string | null
  readonly messages: readonly { readonly content: string }[]
}): Spoken {
  const texts = conversation.messages.map(({ content }) => content)
  return { whole: [conversation.system ?? '', ...texts].join('\n'), lastTurn: texts.at(-1) ?? '' }
}

/**
 * Returns a function that returns the id of a request that is nearly the same as the given one, or undefined, and keeps the given one
 * under its id where it has one. Requests that share a conversation and end differently are not alike.
 */
export function createDuplicateFinder(): (id: string | undefined, spoken: Spoken) => string | undefined {
  const holders = new Map<string, string[]>()
  const pieces = new Map<string, ReadonlySet<string>>()
  const lastTurns = new Map<string, ReadonlySet<string>>()
  const idOf = new Map<string, string>()
  return (id, { whole, lastTurn }) => {
    const plain = plainText(whole)
    const same = idOf.get(plain)
    if (same !== undefined) return same
    if (id !== undefined) idOf.set(plain, id)
    const own = piecesOf(plain)
    if (own.size <= SHORT_PIECES) return undefined
    const last = piecesOf(plainText(lastTurn))
    const common = new Map<string, number>()
    for (const piece of own)
      for (const other of holders.get(piece) ?? []) common.set(other, (common.get(other) ?? 0) + 1)
    const twin = [...common].find(
      ([other, count]) =>
        count > ALIKE * (own.size + (pieces.get(other)?.size ?? 0) - count) &&
        shareInCommon(last, lastTurns.get(other) ?? new Set()) > ALIKE,
    )
    if (id === undefined) return twin?.[0]
    for (const piece of own) {
      const list = holders.get(piece) ?? []
      if (list.length < COMMON) list.push(id)
      holders.set(piece, list)
    }
    pieces.set(id, own)
    lastTurns.set(id, last)
    return twin?.[0]
  }
}

function shareInCommon(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const common = [...one].filter((piece) => other.has(piece)).length
  return common / Math.max(1, one.size + other.size - common)
}

function plainText(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKC')
    .replaceAll(/[^\p{L}\p{N}\p{S}?]+/gu, ' ')
    .trim()
}

/** The text itself, where it is shorter than a piece. */
function piecesOf(text: string): ReadonlySet<string> {
  const found = new Set<string>([text.slice(0, PIECE_CHARACTERS)])
  for (let at = 1; at + PIECE_CHARACTERS <= text.length; at++)
    found.add(text.slice(at, at + PIECE_CHARACTERS))
  return found
}
