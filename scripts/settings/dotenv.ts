/**
 * Writes an env-file that wrangler reads back unchanged: its reader is dotenv with variable expansion.
 * Knows nothing of which settings there are.
 */

/**
 * Returns the text of an env-file.
 * @throws {Error} for a value that the format cannot hold, naming the setting and never showing the value
 */
export function formatEnvFile(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote(name, value)}\n`)
    .join('')
}

// dotenv has no escape inside quotes, so a value gets the quotes that it does not contain. `$` would be expanded.
function quote(name: string, value: string): string {
  const mark = ["'", '`', '"'].find((candidate) => !value.includes(candidate))
  if (mark === undefined || (mark === '"' && value.includes('\\')))
    throw new Error(
      `${name} mixes all three kinds of quotes, which an env-file cannot hold. Remove one kind.`,
    )
  return `${mark}${value.replaceAll('$', '\\$')}${mark}`
}
