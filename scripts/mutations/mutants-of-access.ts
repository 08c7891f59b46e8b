/**
 * The guards of identity, privacy, bodies, headers, money and the container, each with an edit that takes it away and the test
 * that must notice. Of the path of a request: `mutants-of-answers.ts`. Runs nothing.
 */
import type { Mutant } from './mutants-of-answers.ts'

const AUTH = 'test/edge/middleware/auth.test.ts'
const BATCHES = 'test/edge/http/batches.test.ts'
const CLAUDE_MESSAGES = 'test/edge/providers/claude/messages.test.ts'
const CONTAINER = 'test/inference/app.test.ts'
const ENDPOINTS = 'test/integration/clients-endpoints.test.ts'
const JSON_BODIES = 'test/shared/json.test.ts'
const MESSAGES = 'test/edge/http/messages.test.ts'
const SESSION = 'test/edge/middleware/dashboard-session.test.ts'

export const MUTANTS_OF_ACCESS: readonly Mutant[] = [
  // What is private stays.
  {
    guard: 'privacy: the decision',
    file: 'edge/routing/choose-targets.ts',
    find: "if (privacyLocal || forced === 'local' ||",
    put: "if (forced === 'local' ||",
    test: ['test/edge/routing/decide.test.ts', 'never lets a private request out, whatever else is asked'],
  },
  {
    guard: 'privacy: the header is read',
    file: 'edge/http/read-request.ts',
    find: "privacyLocal: privacy === 'local',",
    put: 'privacyLocal: false,',
    test: ['test/edge/gateway.test.ts', 'sends a private request to the local model or nowhere'],
  },
  {
    guard: 'privacy: a value that is none is refused',
    file: 'edge/http/read-request.ts',
    find: "if (privacy !== undefined && privacy !== 'local')",
    put: 'if (false)',
    test: [MESSAGES, 'answers 403 where x-router-privacy is forbidden, and 400 where it says nonsense'],
  },
  {
    guard: 'privacy: tokens are not counted by Claude',
    file: 'edge/http/count-request.ts',
    find: "const mayLeave = decision.targets.some(({ provider }) => provider === 'claude')",
    put: "const mayLeave = decision.task !== 'tool_use'",
    test: [ENDPOINTS, 'are estimated and Claude is not asked where the request must not leave for Claude'],
  },
  {
    guard: 'privacy: batches',
    file: 'edge/http/batches.ts',
    find: "if (controls.privacyLocal || controls.force === 'local')",
    put: "if (controls.force === 'local')",
    test: [BATCHES, 'privacy holds for every method'],
  },
  {
    guard: 'privacy: the list of models',
    file: 'edge/http/models.ts',
    find: 'privacyLocal ? [] : listClaudeModels(caller)',
    put: 'listClaudeModels(caller)',
    test: [ENDPOINTS, 'who wants privacy gets a list of which Claude knows nothing'],
  },
  // Who is asking.
  {
    guard: 'keys are compared',
    file: 'edge/tenants.ts',
    find: 'return difference === 0',
    put: 'return difference >= 0',
    test: [AUTH, 'answers every wrong credential with the same 401'],
  },
  {
    guard: 'the whole of a key is compared',
    file: 'edge/tenants.ts',
    find: 'for (let index = 0; index < left.length; index++)',
    put: 'for (let index = 0; index < 1; index++)',
    test: ['test/edge/tenants.test.ts', 'finds a tenant by exactly its key and by nothing else'],
  },
  {
    guard: 'a digest is no key',
    file: 'edge/tenants.ts',
    find: 'const digest = await sha256Hex(credential)\n  let found',
    put: 'const digest = /^[0-9a-f]{64}$/.test(credential) ? credential : await sha256Hex(credential)\n  let found',
    test: ['test/edge/tenants.test.ts', 'does not take the digest itself as a key'],
  },
  {
    guard: 'strangers are refused',
    file: 'edge/middleware/auth.ts',
    find: 'if (tenant === undefined) {',
    put: "tenant ??= { id: 'stranger', admin: false, forbid: [] }\n    if (tenant.id === '') {",
    test: [AUTH, 'answers every wrong credential with the same 401'],
  },
  {
    guard: 'the administrator’s endpoints',
    file: 'edge/http/require-admin.ts',
    find: "if (context.get('tenant').admin) return",
    put: 'return',
    test: ['test/edge/http/keys.test.ts', 'only the administrator manages keys'],
  },
  {
    guard: 'the dashboard’s session: no other site',
    file: 'edge/middleware/same-origin.ts',
    find: "if (site !== null) return site === 'same-origin' || (reads && site === 'none')",
    put: 'if (site !== null) return true',
    test: [SESSION, 'shows nothing to another site'],
  },
  {
    guard: 'a key of the router never goes to Claude',
    file: 'edge/middleware/auth.ts',
    find: "config.claude.keySource === 'client' ? own : undefined",
    put: "config.claude.keySource === 'client' ? credentials[0] : undefined",
    test: [AUTH, 'sends the client’s own key on, in its own header, and never the router’s'],
  },
  {
    guard: 'clients with keys of their own are apart in the cache',
    file: 'edge/middleware/auth.ts',
    find: '(await sha256Hex(own.value)).slice(0, 16)',
    put: "'of everybody'",
    test: [AUTH, 'keeps the cached answers of clients with different Claude keys apart'],
  },
  {
    guard: 'a batch is its tenant’s',
    file: 'edge/batches/batches.ts',
    find: 'if (found === undefined) throw notFound(id)\n    return found',
    put: 'return found ?? { id, createdAt: 0, user: null }',
    test: [BATCHES, 'a batch is its tenant’s alone'],
  },
  {
    guard: 'what may be the local model’s never gets to Claude in a batch',
    file: 'edge/batches/batch-request.ts',
    find: 'if (local !== undefined && local.name === undefined && !/claude/i.test(model))',
    put: 'if (false)',
    test: [BATCHES, 'what may be the local model’s name gets to Claude in no moment'],
  },
  {
    guard: 'a kept response is its tenant’s',
    file: 'edge/http/responses.ts',
    find: "responses?.of(context.get('tenant').id)",
    put: "responses?.of('everybody')",
    test: ['test/edge/http/responses.test.ts', 'no tenant goes on with another’s conversation'],
  },
  {
    guard: 'the container’s secret',
    file: 'inference/http/authenticate.ts',
    find: 'if (!matches)',
    put: 'if (given.length === 0)',
    test: [CONTAINER, 'lets nobody in without the secret'],
  },
  // Bodies.
  {
    guard: 'the limit of a body, by its bytes',
    file: 'edge/http/read-body.ts',
    find: 'total += value.byteLength\n    if (total > maxBytes) {',
    put: 'total += value.byteLength\n    if (total < 0) {',
    test: [MESSAGES, 'takes no more than the operator allows, by its word and by its bytes'],
  },
  {
    guard: 'the limit of a body, by its declared length',
    file: 'edge/http/read-body.ts',
    find: "if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)",
    put: '',
    test: [MESSAGES, 'takes no more than the operator allows, by its word and by its bytes'],
  },
  {
    guard: 'fields that appear twice',
    file: 'edge/http/read-request.ts',
    find: 'if (twice !== undefined)',
    put: 'if (false)',
    test: [MESSAGES, 'answers a field twice with 400'],
  },
  {
    guard: 'the depth of a body',
    file: 'shared/json.ts',
    find: "if (depth > maxDepth) return 'depth'",
    put: '',
    test: [JSON_BODIES, 'accepts what is exactly as deep as allowed, and no level more'],
  },
  {
    guard: 'the number of values of a body',
    file: 'shared/json.ts',
    find: "if (excess === 'values')",
    put: 'if (false)',
    test: [JSON_BODIES, 'refuses a body of more values than memory has room for'],
  },
  // What goes out, and what comes in.
  {
    guard: 'headers to Claude are those of the list',
    file: 'edge/http/read-request.ts',
    find: '/^(user-agent|x-app|traceparent|tracestate|x-stainless-[\\w-]+)$/',
    put: '/^(?!host|content-|accept|connection|x-api-key|authorization)/',
    test: [CLAUDE_MESSAGES, 'sends exactly the headers of the allow-list'],
  },
  {
    guard: 'Claude’s headers to the client are those of the list',
    file: 'edge/providers/claude/headers.ts',
    find: 'if (VISIBLE_HEADERS.test(name) && isHeaderValue(value)) ',
    put: 'if (isHeaderValue(value)) ',
    test: [CLAUDE_MESSAGES, 'passes on of Claude’s headers what clients need and nothing else'],
  },
  {
    guard: 'no redirect is followed',
    file: 'edge/providers/provider.ts',
    find: "redirect: 'manual'",
    put: "redirect: 'follow'",
    test: [CLAUDE_MESSAGES, 'sends exactly the headers of the allow-list'],
  },
  {
    guard: 'the words of other servers stay inside',
    file: 'edge/providers/claude/stream.ts',
    find: "last.type === 'error' && !isAnthropic ? withOwnWords(chunk, last) : chunk",
    put: "last.type === 'error' && last.error.type === '' ? withOwnWords(chunk, last) : chunk",
    test: [
      'test/edge/providers/claude/stream.test.ts',
      'puts its own words into the error of a server that is not Anthropic’s',
    ],
  },
  {
    guard: 'the operator’s trouble is not the client’s to read',
    file: 'edge/providers/claude/messages.ts',
    find: 'if (own !== undefined) {',
    put: 'if (own !== undefined && own.message === upstreamError.headers.get(own.code)) {',
    test: [CLAUDE_MESSAGES, 'to the router’s own key, and tells the operator'],
  },
  // Money.
  {
    guard: 'hard limits',
    file: 'edge/budgets/account.ts',
    find: 'const broken = isKnown ? [] : counters.flatMap((counter) => brokenCaps(counter, planned))',
    put: 'const broken = counters.slice(counters.length).flatMap((counter) => brokenCaps(counter, planned))',
    test: ['test/edge/budgets/budget-gate.test.ts', 'a hard limit refuses in the API’s own shape'],
  },
  {
    guard: 'requests per minute',
    file: 'edge/budgets/account.ts',
    find: 'const closed = isKnown ? [] : counters.flatMap((counter) => closedRates(counter, now))',
    put: 'const closed = counters.slice(counters.length).flatMap((counter) => closedRates(counter, now))',
    test: [
      'test/edge/budgets/budget-gate.test.ts',
      'requests per minute are refused whatever ON_BUDGET says',
    ],
  },
  {
    guard: 'a batch counts before it is made',
    file: 'edge/batches/batch-admission.ts',
    find: "if (result.admission !== 'admitted' && result.cause !== undefined)",
    put: 'if (false)',
    test: [BATCHES, 'a batch that could take more than is left is held back, and says why'],
  },
  {
    guard: 'rows that nobody can read never raise what a batch counts',
    file: 'edge/batches/batch-store.ts',
    find: 'Math.min(counted, used + unknown * largest)',
    put: 'used + unknown * largest',
    test: ['test/edge/batches/batch-store.test.ts', 'rows that do not say what they took'],
  },
  // The container.
  {
    guard: 'the container’s queue is bounded',
    file: 'inference/serving/scheduler.ts',
    find: 'else if (queue.size() > maxQueue) makePlace()',
    put: '',
    test: [
      'test/inference/serving/scheduler.test.ts',
      'turns away with 429 and the expected wait when the queue is full',
    ],
  },
  {
    guard: 'nobody waits in vain for the container',
    file: 'inference/serving/scheduler.ts',
    find: 'if (late) self.refuse(late)\n      else if',
    put: 'if',
    test: [
      'test/inference/serving/scheduler.test.ts',
      'turns away at once where the first token could not come in time',
    ],
  },
  {
    guard: 'who has left waits no more',
    file: 'inference/serving/scheduler.ts',
    find: "      signal.addEventListener('abort', abort, { once: true })\n      queue.add",
    put: '      queue.add',
    test: [
      'test/inference/serving/scheduler.test.ts',
      'forgets one who left while waiting, and the next is served',
    ],
  },
]
