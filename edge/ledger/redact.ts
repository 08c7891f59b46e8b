/**
 * Takes out of a text what no log should hold: keys, e-mail addresses, card and phone numbers. By form alone: names and
 * addresses of people stay. Every pattern is bounded, so that the time grows with the text and no faster.
 */

type Pattern = {
  readonly find: RegExp
  /** What stands in its place; the text found, where it is none. */
  readonly replace: (found: string) => string
}

const by = (placeholder: string) => () => placeholder

const PATTERNS: readonly Pattern[] = [
  {
    find: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z\d+/=\s-]{0,8000}/g,
    replace: by('[key]'),
  },
  // JSON Web Tokens, then keys by the marks that their makers give them. A token begins where a run of its signs does: else every
  // "eyJ" in a long run would read it again.
  { find: /(?<![\w-])eyJ[\w-]{8,2000}\.[\w-]{8,4000}\.[\w-]{0,1000}/g, replace: by('[key]') },
  {
    find: /\b(?:sk|pk|rk|whsec|ghp|gho|ghu|ghs|ghr|github_pat|glpat|xox[abeprs]|hf|npm|AKIA|ASIA|AIza)[-_]?[\w-]{12,300}/g,
    replace: by('[key]'),
  },
  {
    find: /\b((?:api[-_ ]?key|secret|token|password|passwd|authorization|bearer)["']?\s{0,4}[:=]?\s{0,4}(?:bearer\s{1,4})?["']?)[^\s"',;]{8,400}/gi,
    replace: (found) => `${NAMED.exec(found)?.[0] ?? ''}[key]`,
  },
  // Whatever else is long, and both letters and digits, is no word of any language.
  {
    find: /\b[\w-]{32,400}\b/g,
    replace: (found) => (/\d/.test(found) && /[a-z]/i.test(found) ? '[key]' : found),
  },
  {
    find: /(?<![\p{L}\d._%+-])[\p{L}\d._%+-]{1,64}@(?:[\p{L}\d-]{1,63}\.){1,8}\p{L}{2,24}/gu,
    replace: by('[email]'),
  },
  {
    find: /(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.]\d)/g,
    replace: (found) => (isCardNumber(found) ? '[card]' : found),
  },
  {
    find: /(?<![\w+])(?:\+|00)[1-9](?:[ ()./-]{0,3}\d){6,14}(?!\d)/g,
    replace: by('[phone]'),
  },
  {
    find: /(?<![\w+.,-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])/g,
    replace: by('[phone]'),
  },
  { find: /(?<![\w+.,-])\(?0\d(?:[ ()/-]{0,3}\d){7,11}(?![\w-])/g, replace: by('[phone]') },
]

/** The name before a secret, which may stay. */
const NAMED =
  /^(?:api[-_ ]?key|secret|token|password|passwd|authorization|bearer)["']?\s{0,4}[:=]?\s{0,4}(?:bearer\s{1,4})?["']?/i

/** Returns the text with `[key]`, `[email]`, `[card]` and `[phone]` in the places of what they name. */
export function redact(text: string): string {
  return PATTERNS.reduce((left, { find, replace }) => left.replace(find, replace), text)
}

/** The check digit that every card has, and one number in ten that is none. */
function isCardNumber(found: string): boolean {
  const digits = found.replaceAll(/\D/g, '')
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index])
    const doubled = index % 2 === 0 ? digit : digit * 2
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
