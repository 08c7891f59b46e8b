/**
 * The guards of the path of a request, each with an edit that takes it away and the test that must notice. Of identity, money
 * and the container's guards: `mutants-of-access.ts`. Runs nothing.
 */

/** One guard, removed. */
export type Mutant = {
  readonly guard: string
  /** From the root, with slashes. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly put: string
  /** A test that fails without the guard: its file, and a part of its name that no other test of the file has. */
  readonly test: readonly [file: string, name: string]
}

const CLAUDE_STREAM = 'test/edge/providers/claude/stream.test.ts'
const CLAUDE_MESSAGES = 'test/edge/providers/claude/messages.test.ts'
const LOCAL_MESSAGES = 'test/edge/providers/local/messages.test.ts'
const BREAKER = 'test/edge/providers/local/breaker.test.ts'
const DEADLINE = 'test/edge/fallback/deadline.test.ts'
const KEY = 'test/edge/cache/key.test.ts'

export const MUTANTS_OF_ANSWERS: readonly Mutant[] = [
  // Whoever leaves stops what runs for them.
  {
    guard: 'a client that leaves ends the attempt',
    file: 'edge/fallback/deadline.ts',
    find: "else client.addEventListener('abort', disconnected, { once: true })",
    put: '',
    test: [DEADLINE, 'ends when the client disconnects'],
  },
  {
    guard: 'the end of the response’s stream is a disconnect',
    file: 'edge/http/sse-response.ts',
    find: '        onDisconnect()\n',
    put: '',
    test: ['test/edge/http/early-headers.test.ts', 'closes Claude when the client leaves while it waits'],
  },
  {
    guard: 'an upstream that is left is closed',
    file: 'edge/fallback/commit.ts',
    find: '      abort()\n      return await source.return(undefined)',
    put: '      return END',
    test: [
      'test/edge/fallback/commit.test.ts',
      'closes the upstream when it is closed, before the first read too',
    ],
  },
  {
    guard: 'the slower of two models is hung up on',
    file: 'edge/fallback/hedge.ts',
    find: '  abort()\n  const end',
    put: '  const end',
    test: [
      'test/edge/hedged-requests.test.ts',
      'Claude answers for a container that says nothing, which is hung up on',
    ],
  },
  // What has ended, and how.
  {
    guard: 'Claude’s answer without its last event is broken',
    file: 'edge/providers/claude/stream.ts',
    find: "if (done) throw new RouterError('upstream', 'Claude ended its answer before it was complete.')",
    put: 'if (done) return END',
    test: [CLAUDE_STREAM, 'sends whole frames and an error when the stream is cut anywhere before its end'],
  },
  {
    guard: 'a local answer without its last event is broken',
    file: 'edge/providers/local/answer-stream.ts',
    find: "if (done) throw new RouterError('upstream', 'The local model ended its answer before it was complete.')",
    put: 'if (done) return',
    test: [
      'test/edge/fallback/fallback.test.ts',
      'ends a stream in exactly one error event when the container',
    ],
  },
  {
    guard: 'nothing follows an error event',
    file: 'edge/providers/claude/stream.ts',
    find: "return event.type === 'message_stop' || event.type === 'error'",
    put: "return event.type === 'message_stop'",
    test: [CLAUDE_STREAM, 'ends with the terminal event, whatever the server sends after it'],
  },
  {
    guard: 'nothing follows message_stop',
    file: 'edge/providers/claude/stream.ts',
    find: "return event.type === 'message_stop' || event.type === 'error'",
    put: "return event.type === 'error'",
    test: [CLAUDE_STREAM, 'is over at message_stop, though the server keeps the connection or resets it'],
  },
  {
    guard: 'a local answer is over at message_stop',
    file: 'edge/providers/local/answer-stream.ts',
    find: "        if (event.type === 'message_stop') return\n",
    put: '',
    test: [
      'test/edge/fallback/fallback.test.ts',
      'answers locally when the container works, with no word to Claude',
    ],
  },
  {
    guard: 'the end of an answer is told once',
    file: 'edge/observe-answer.ts',
    find: '    if (ended) return\n    ended = true',
    put: '    ended = true',
    test: ['test/edge/observe-answer.test.ts', 'tells the end exactly once and closes the source'],
  },
  {
    guard: 'one receipt per request',
    file: 'edge/ledger/request-ledger.ts',
    find: 'if (receipt !== undefined) return receipt',
    put: '',
    test: [
      'test/edge/ledger/request-ledger.test.ts',
      'records the first end and gives it back for every later one',
    ],
  },
  {
    guard: 'a receipt that is sent again is kept in one place',
    file: 'edge/ledger/append-together.ts',
    find: 'record: lazily(make), lose',
    put: 'record: make, lose',
    test: [
      'test/edge/ledger/append-together.test.ts',
      'a receipt that is sent again is the same, also where its tenant has another name meanwhile',
    ],
  },
  // Two models are never mixed, and nothing is paid for twice.
  {
    guard: 'nothing is sent before there is content',
    file: 'edge/fallback/commit.ts',
    find: 'if (isContent(event)) return',
    put: 'if (true) return',
    test: ['test/edge/fallback/commit.test.ts', 'reads up to the first content and no further'],
  },
  {
    guard: 'an empty answer is a fault',
    file: 'edge/fallback/commit.ts',
    find: 'if (first.done) throw emptyAnswer()',
    put: 'if (first.done) return { committed: true, pieces: resume(held, source, abort) }',
    test: [
      'test/edge/fallback/commit.test.ts',
      'takes an answer without content for one where its end says so',
    ],
  },
  {
    guard: 'an answer that was paid for is not asked for again',
    file: 'edge/providers/claude/messages.ts',
    find: "if (mayRetry && known.code === 'unavailable') return undefined",
    put: 'if (mayRetry) return undefined',
    test: [CLAUDE_MESSAGES, 'never asks twice for an answer that has been paid for'],
  },
  {
    guard: 'Claude is asked twice at most',
    file: 'edge/providers/claude/messages.ts',
    find: 'const mayRetry = attempt <= config.maxRetries',
    put: 'const mayRetry = attempt <= config.maxRetries + 1',
    test: [CLAUDE_MESSAGES, 'makes no second attempt where the operator wants none'],
  },
  {
    guard: 'no second model where nobody is to be asked beside the first',
    file: 'edge/fallback/hedge.ts',
    find: ' || !mayStart()',
    put: '',
    test: [
      'test/edge/fallback/hedge.test.ts',
      'nobody is asked beside the first where that may not be paid for',
    ],
  },
  {
    guard: 'the budget of fallbacks',
    file: 'edge/fallback/degradation.ts',
    find: 'if (allowance.waitMs(expected) > 0) return false',
    put: '',
    test: ['test/edge/fallback-budget.test.ts', 'above the budget simple requests get 503'],
  },
  // Everything is over in time.
  {
    guard: 'deadlines',
    file: 'edge/fallback/deadline.ts',
    find: 'id: setTimeout(fired, delayMs)',
    put: 'id: setTimeout(() => {}, delayMs)',
    test: [DEADLINE, 'ends a stage that takes too long, and names it'],
  },
  {
    guard: 'the deadline of the whole attempt',
    file: 'edge/fallback/deadline.ts',
    find: 'clock: stage.remainingMs <= total.remainingMs ? stage : total,',
    put: 'clock: stage,',
    test: [
      DEADLINE,
      'starts the clock anew with each stage, but never waits longer than the attempt may take',
    ],
  },
  {
    guard: 'no timer outlives its wait',
    file: 'edge/fallback/deadline.ts',
    find: 'if (!keepsTimer) stopTimer()',
    put: '',
    test: [DEADLINE, 'has no timer between two waits'],
  },
  {
    guard: 'pings are no sign of life of a local model',
    file: 'edge/providers/local/answer-stream.ts',
    find: '        if (isContent(event))\n',
    put: '        if (event.type.length > 0)\n',
    test: [LOCAL_MESSAGES, 'for no sign of life of the model'],
  },
  {
    guard: 'the breaker opens',
    file: 'edge/providers/local/breaker.ts',
    find: 'if (!tripsNow()) return',
    put: 'return',
    test: [BREAKER, 'opens on the third failure in a row'],
  },
  {
    guard: 'the breaker opens at a share of failures',
    file: 'edge/providers/local/breaker.ts',
    find: 'return outcomes.length >= minimumRequests && failures / outcomes.length >= failureShare',
    put: 'return failures < 0',
    test: [BREAKER, 'opens when half of at least ten requests failed within 30 seconds'],
  },
  {
    guard: 'a good readiness page closes no breaker that failures opened',
    file: 'edge/providers/local/breaker.ts',
    find: 'if (!openedByFailures) {',
    put: 'if (true) {',
    test: [BREAKER, 'a good readiness page lets one request try'],
  },
  // The cache.
  {
    guard: 'the tenant in the cache’s key',
    file: 'edge/cache/key.ts',
    find: "const caller = [tenant.admin ? 'admin' : 'tenant', tenant.id]",
    put: "const caller = [tenant.admin ? 'admin' : 'tenant']",
    test: [KEY, 'the key differs by tenant, query, API headers, provider, model'],
  },
  {
    guard: 'the administrator is no tenant of that name',
    file: 'edge/cache/key.ts',
    find: "const caller = [tenant.admin ? 'admin' : 'tenant', tenant.id]",
    put: 'const caller = [tenant.id]',
    test: [KEY, 'tells the administrator from a tenant of the same name'],
  },
  {
    guard: 'the model in the cache’s key',
    file: 'edge/cache/key.ts',
    find: 'target.provider, target.model, target.mayHandOver',
    put: 'target.mayHandOver',
    test: [KEY, 'the key differs by tenant, query, API headers, provider, model'],
  },
  {
    guard: 'every field in the cache’s key',
    file: 'edge/cache/key.ts',
    find: "filter(({ key }) => key !== 'stream')",
    put: "filter(({ key }) => key === 'messages')",
    test: [KEY, 'the key differs for any field that is added, changed or removed'],
  },
  {
    guard: 'only whole, plain answers are kept',
    file: 'edge/cache/key.ts',
    find: "COMPLETE_STOP_REASONS.has(message.stop_reason ?? '')",
    put: 'COMPLETE_STOP_REASONS.size > 0',
    test: [KEY, 'keeps whole, plain answers only'],
  },
  {
    guard: 'a stream that broke off is not kept',
    file: 'edge/gateway.ts',
    find: "if (outcome === 'completed' && message && exact) keep(",
    put: 'if (message) keep(',
    test: ['test/edge/gateway.test.ts', 'keeps no stream that broke off just before its end'],
  },
  {
    guard: 'an answer is kept under the key of the model that gave it',
    file: 'edge/gateway.ts',
    find: '    keep(passage, message, target)\n    remember(',
    put: '    keep(passage, message, { ...target, ...passage.plan.decision.targets[0], mayHandOver: true })\n    remember(',
    test: ['test/edge/gateway.test.ts', 'never keeps Claude’s answer under the local model’s key'],
  },
]
