/**
 * Changes single settings in the text of an .env file; comments, order and everything else stay as they are.
 */

/**
 * Returns the text with the settings in it: in the place of a line that sets them or has them commented out, else at
 * the end.
 * @param keepExisting leaves settings alone that the text already gives a value
 */
export function setEnvValues(
  text: string,
  values: Readonly<Record<string, string>>,
  keepExisting: boolean,
): string {
  let lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  for (const [name, value] of Object.entries(values)) {
    const line = `${name}=${quote(value)}`
    const active = lines.findLastIndex((existing) =>
      new RegExp(`^\\s*(export\\s+)?${name}\\s*=`).test(existing),
    )
    if (active !== -1) {
      const current = /=\s*(.*)$/.exec(lines[active] ?? '')?.[1]?.trim()
      if (!keepExisting || !current) lines = lines.with(active, line)
      continue
    }
    const commented = lines.findIndex((existing) => new RegExp(`^\\s*#\\s*${name}\\s*=`).test(existing))
    lines = commented === -1 ? [...lines, line] : lines.with(commented, line)
  }
  return `${lines.join('\n')}\n`
}

function quote(value: string): string {
  return /^[\w./:@+-]*$/.test(value) ? value : JSON.stringify(value)
}
