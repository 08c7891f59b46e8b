/**
 * One log line in either format: an object for log stores, or `msg key=value …` for people and grep.
 * Owns the escaping: a value from outside can neither break the line nor send escapes to a terminal.
 */

/** Line breaks, terminal escapes, C1 controls, line separators. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for here.
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

const CONTROL_CHARACTER = new RegExp(CONTROL_CHARACTERS.source)

export type LogFormat = 'json' | 'text'
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>
export type Log = (message: string, fields?: LogFields, level?: 'info' | 'error') => void

/** Returns the line; fields that are undefined are left out. */
export function formatLogLine(format: LogFormat, message: string, fields: LogFields): string {
  if (format === 'json') {
    const line = JSON.stringify({ msg: message, ...fields })
    return CONTROL_CHARACTER.test(line) ? line.replaceAll(CONTROL_CHARACTERS, escapeForJson) : line
  }
  const pairs = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [`${neutralise(key)}=${formatValue(value)}`],
  )
  return [neutralise(message), ...pairs].join(' ')
}

/** Returns a log that writes lines to `write`. */
export function createLog(format: LogFormat, write: (line: string, level: 'info' | 'error') => void): Log {
  return (message, fields = {}, level = 'info') => write(formatLogLine(format, message, fields), level)
}

function formatValue(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value)
  return /^[\w.:/@+-]+$/.test(value) ? value : neutralise(JSON.stringify(value))
}

/** Replaces control characters by spaces. */
function neutralise(text: string): string {
  return text.replaceAll(CONTROL_CHARACTERS, ' ')
}

/** JSON.stringify escapes only the controls below U+0020; the others may stand in strings as they are. */
function escapeForJson(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
