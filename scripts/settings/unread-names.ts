/**
 * Names in `.env` that no part of the router reads: most are a slip of the pen, and the setting that was meant stays at
 * its default without a word. Pure; judges names, never values.
 */
import { parseEnv } from 'node:util'
import { SETTING_NAMES } from '../../edge/config.ts'
import { settingNames } from './environment.ts'

/** Read by one of the parts, but not worth a line in .env.example. */
const READ_ELSEWHERE = ['HOST', 'PORT', 'LOG_LEVEL']
/** Read by Node, npm and wrangler, which get the same environment. */
const OF_TOOLS = /^(NODE|NPM|CLOUDFLARE|WRANGLER|SSL_CERT)_|^((HTTPS?|NO)_PROXY|NO_COLOR|TZ|LANG|PATH)$/i
/** One wrong letter in so many still counts as the same word. */
const LETTERS_PER_SLIP = 3
const LEAST_SLIPS = 2

/**
 * Returns a sentence for each name in the file that nobody reads, with the setting that was probably meant.
 * @param file the text of `.env`
 * @param example the text of `.env.example`
 */
export function unreadNameNotes(file: string, example: string): string[] {
  const known = [...new Set([...SETTING_NAMES, ...settingNames(example), ...READ_ELSEWHERE])]
  return Object.keys(parseEnv(file))
    .filter((name) => !known.includes(name) && !OF_TOOLS.test(name))
    .map((name) => {
      const meant = nearestName(name, known)
      return `${name} in .env is read by nobody${meant === undefined ? '.' : `: did you mean ${meant}?`}`
    })
}

function nearestName(name: string, known: readonly string[]): string | undefined {
  const given = name.toUpperCase()
  const limit = Math.max(LEAST_SLIPS, Math.floor(given.length / LETTERS_PER_SLIP))
  let nearest: { name: string; distance: number } | undefined
  for (const candidate of known) {
    const distance = editDistance(given, candidate)
    if (distance <= limit && distance < (nearest?.distance ?? Number.POSITIVE_INFINITY))
      nearest = { name: candidate, distance }
  }
  return nearest?.name
}

/** Levenshtein's distance: letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [row, letter] of [...a].entries()) {
    const current = [row + 1]
    for (const [column, other] of [...b].entries()) {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1)
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1))
    }
    previous = current
  }
  return previous[b.length] ?? 0
}
