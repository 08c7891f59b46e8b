/**
 * Names in `.env` that no part of the router reads: most are a slip of the pen, and the setting that was meant stays at
 * its default without a word. Pure; judges names, never values.
 */
import { parseEnv } from 'node:util'
import { documentedSettings } from './settings-documents.ts'

/** Read by one of the parts, but not worth a line in the documents. */
const READ_ELSEWHERE = ['LOG_LEVEL']
/** Read by Node, npm and wrangler, which get the same environment. */
const OF_TOOLS = /^(NODE|NPM|CLOUDFLARE|WRANGLER|SSL_CERT)_|^((HTTPS?|NO)_PROXY|NO_COLOR|TZ|LANG|PATH)$/i

/** Returns a sentence for each name in the text of `.env` that nobody reads. */
export function unreadNameNotes(file: string): string[] {
  const known = new Set([...documentedSettings().map(({ name }) => name), ...READ_ELSEWHERE])
  return Object.keys(parseEnv(file))
    .filter((name) => !known.has(name) && !OF_TOOLS.test(name))
    .map((name) => `${name} in .env is read by nobody: docs/settings.md lists the settings that there are`)
}
