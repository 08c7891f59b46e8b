/**
 * Collects every log line that the routers under test write, and asserts after each test that none of them holds
 * a key, a prompt or an answer. Importing it registers the assertion.
 */
import { afterEach, expect } from 'vitest'
import { formatLogLine, type Log, type LogFields } from '../../../shared/log.ts'
import { CANARIES } from './canaries.ts'

export type LogLine = {
  readonly message: string
  readonly fields: LogFields
  readonly level: 'info' | 'error'
}

let lines: LogLine[] = []

/** The log that routers under test are given. */
export const collectLog: Log = (message, fields = {}, level = 'info') => {
  lines.push({ message, fields, level })
}

/** Returns the lines of the current test, oldest first. */
export function loggedLines(): readonly LogLine[] {
  return lines
}

/** Returns the messages of the lines that tell of one request each, oldest first. */
export function requestMessages(): string[] {
  return lines.filter(({ fields }) => 'taskType' in fields).map(({ message }) => message)
}

/** Fails if a text holds anything that must stay out of logs and of errors. */
export function expectNoCanary(text: string): void {
  for (const canary of CANARIES) expect(text).not.toContain(canary)
}

afterEach(() => {
  const written = lines
  lines = []
  for (const { message, fields } of written)
    for (const format of ['json', 'text'] as const) {
      const line = formatLogLine(format, message, fields)
      expectNoCanary(line)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
    }
})
