/**
 * The keys, prompts and answers that the tests of the edge use. Each holds a word that occurs nowhere else, so that
 * a leak into a log or an error shows.
 */

export const CLAUDE_KEY = 'sk-ant-canary-operator-0123456789'
export const CLIENT_CLAUDE_KEY = 'sk-ant-canary-client-0123456789'
export const LOCAL_SECRET = 'canary-local-secret-0123456789'
export const ALICE_KEY = 'canary-alice-key-0123456789'
export const BOB_KEY = 'canary-bob-key-0123456789'
export const ADMIN_KEY = 'canary-admin-key-0123456789'

export const SIMPLE_PROMPT = 'Hello! How are you, Xylophonia?'
export const COMPLEX_PROMPT =
  'Write a Python function that implements a Zirconium parser, step by step, and prove its time complexity.'

export const LOCAL_TEXT = 'local-answer-canary'
export const CLAUDE_TEXT = 'claude-answer-canary'
/** What a broken upstream says: a host, a stack, a page. */
export const UPSTREAM_TEXT = 'upstream-internals-canary'

export const CANARIES = [
  'sk-ant-canary',
  'canary-local-secret',
  'canary-alice-key',
  'canary-bob-key',
  'canary-admin-key',
  'Xylophonia',
  'Zirconium',
  'answer-canary',
  'internals-canary',
] as const
