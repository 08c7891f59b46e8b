/**
 * Objects from outside that may have known members only, and what is said of one that is wrong: which member, and what
 * it must be. Knows no schema of its own.
 */
import * as z from 'zod/mini'

/**
 * Returns the schema of an object with these members and no others. A member that is not known is answered with those
 * that are.
 * @param quotes whether the name of a member that is not known is quoted: not where it may be a secret in the wrong place
 */
export function strictMembers<const T extends z.core.$ZodShape>(shape: T, quotes = true) {
  const known = Object.keys(shape).join(', ')
  return z.strictObject(shape, {
    error(issue) {
      if (issue.code !== 'unrecognized_keys') return `must be an object with ${known}`
      const names = issue.keys.map((name) => JSON.stringify(name.slice(0, 40))).join(', ')
      return quotes ? `has no ${names}; possible are ${known}` : `has other members than ${known}`
    },
  })
}

/**
 * Returns what is wrong first, such as `tenant.usdPerDay must be a number more than 0`.
 * @param whole what the value as a whole is called
 */
export function describeFirstIssue({ issues }: z.core.$ZodError, whole: string): string {
  const [issue] = issues
  if (issue === undefined) return `${whole} is not valid`
  const path = issue.path.map((step) => String(step).slice(0, 60)).join('.')
  const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message
  return `${path === '' ? whole : path} ${message}`
}
