/**
 * Which texts can be header values. Runtimes refuse or mistranslate others, and some print the whole value while they
 * do: what fails here must be kept from them.
 */

const SENDABLE = /^[\t\x20-\x7e]*$/

/** Says whether the text can be sent as a header value as it is: printable ASCII and tabs. */
export function isHeaderValue(text: string): boolean {
  return SENDABLE.test(text)
}

/** Returns the headers whose values can be sent; the others are left out. */
export function sendableHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => isHeaderValue(value)))
}
