/**
 * The faults that the router must survive, numbered: what happens, and what a client then sees. Tests carry the number in
 * their names (F12), docs/faults.md is written from both. Holds no test.
 */

export type Fault = {
  readonly fault: string
  /** What the client sees, and what bounds it. */
  readonly outcome: string
  /** What no test here can show: why, and what would show it. A fault without a test needs it. */
  readonly notHere?: NotHere
}

export type NotHere = { readonly reason: string; readonly command: string }

const TAKES_OVER = 'Claude’s answer, asked for once; `x-router-fallback` says why'
const ONE_ERROR = 'one error event, then the end; nothing of another model, nothing cached'

/** By number, from F1 on: a number is never given to another fault. */
export const FAULTS: readonly Fault[] = [
  // The container, or the way to it.
  { fault: 'The container refuses connections', outcome: TAKES_OVER },
  { fault: 'The container’s name does not resolve', outcome: `${TAKES_OVER}; the name stays inside` },
  { fault: 'The container accepts and says nothing', outcome: `${TAKES_OVER}, within \`LOCAL_HEADERS_MS\`` },
  {
    fault: 'The container’s headers come late',
    outcome: `${TAKES_OVER}; the connection to the container is closed`,
  },
  { fault: 'Headers, then no word', outcome: `${TAKES_OVER}, within \`LOCAL_FIRST_CONTENT_MS\`` },
  { fault: 'The first word comes just in time', outcome: 'the local answer; Claude is not asked' },
  { fault: 'The container stalls after its first word', outcome: `${ONE_ERROR}, within \`LOCAL_IDLE_MS\`` },
  {
    fault: 'The connection ends before the first word',
    outcome: `${TAKES_OVER}; nothing of the failed answer`,
  },
  { fault: 'The connection ends after the first word', outcome: `${ONE_ERROR}; never a clean end` },
  { fault: 'A local stream ends without message_stop', outcome: ONE_ERROR },
  {
    fault: 'A local stream is malformed, or one line of it has no end',
    outcome: 'before the first word Claude’s answer, after it one error event',
  },
  { fault: 'A stream arrives byte by byte, with CRLF, with a byte order mark', outcome: 'the same answer' },
  {
    fault: 'An answer is shorter than it declared',
    outcome: `${TAKES_OVER}; Claude’s own: 502, never cached`,
  },
  { fault: 'A proxy’s page in place of an error', outcome: `${TAKES_OVER}; nothing of the page` },
  { fault: 'A platform’s page in place of an answer', outcome: `${TAKES_OVER}; nothing of the page` },
  {
    fault: 'The container sleeps and takes its time to wake',
    outcome: `${TAKES_OVER}; one wake-up call at a time; local once it is awake`,
  },
  {
    fault: 'The container is full or loading and says for how long',
    outcome: `${TAKES_OVER}; the container is left alone that long, at most 60 s`,
  },
  {
    fault: 'The model’s process is killed',
    outcome: `${ONE_ERROR}; new requests are Claude’s until it is back`,
  },
  { fault: 'The model is not loaded yet', outcome: `${TAKES_OVER}; \`/readyz\` 503, \`/healthz\` 200` },
  { fault: 'The shared secret is wrong', outcome: `${TAKES_OVER}, never a 401; a line for the operator` },
  { fault: 'The container’s clock is ten minutes off', outcome: 'works: deadlines are relative' },
  {
    fault: 'The container is stopped by a deployment',
    outcome: 'what runs is finished; new requests are Claude’s',
  },
  {
    fault: 'A kept connection is used as the container closes it',
    outcome: 'cannot happen: the container keeps connections far longer than callers reuse them',
  },
  // Claude, or the way to it.
  {
    fault: 'Claude refuses the request (400, 404, 413)',
    outcome: 'verbatim, with its request-id; asked once',
  },
  {
    fault: 'Claude refuses the router’s key (401, 403)',
    outcome: '502 api_error, a line for the operator; asked once',
  },
  {
    fault: 'The account has no credit, or a spending limit is reached',
    outcome: '503, or the 429 itself; `x-should-retry: false`; asked once',
  },
  {
    fault: 'Claude asks to wait (429 with retry-after)',
    outcome: 'a short wait is waited out once, a long one is the client’s',
  },
  {
    fault: 'Claude fails (500, 504, 529)',
    outcome: 'asked once more, then the status with `x-should-retry: false`',
  },
  { fault: 'Claude’s stream begins with an error', outcome: 'asked once more, then its status' },
  { fault: 'Claude is overloaded in mid-stream', outcome: 'one error event' },
  {
    fault: 'The connection to Claude is reset',
    outcome: 'before a byte asked once more, after one: one error event',
  },
  { fault: 'Claude sends nothing but pings', outcome: 'no progress: one error, in time' },
  {
    fault: 'Claude sends events or refusals that the router does not know',
    outcome: 'passed through byte for byte, never cached',
  },
  // Clients.
  {
    fault: 'The client leaves before the first byte',
    outcome: 'the upstream is closed',
    notHere: {
      reason:
        'Deployed, a disconnect is told at once; workerd by itself notices it at the next heartbeat that it writes.',
      command:
        'curl --max-time 1 -N https://YOUR-ROUTER/v1/messages … ; then wrangler tail shows outcome=cancelled within a second',
    },
  },
  {
    fault: 'The client leaves in mid-stream',
    outcome: 'the upstream is closed, generation stops, outcome=cancelled',
  },
  { fault: 'The client reads slowly', outcome: 'the upstream is paused; memory stays bounded' },
  {
    fault: 'A body is too large, without a length or with a false one',
    outcome: '413 before it is read whole; nobody is asked',
  },
  { fault: 'A body is nested 5,000 deep', outcome: '400' },
  { fault: 'A body is not UTF-8', outcome: '400' },
  { fault: 'A field that the router does not know', outcome: 'Claude, with the field as it came' },
  { fault: 'A body is empty, or not declared as JSON', outcome: '400, 415' },
  {
    fault: 'Images, documents, tools, tool results, thinking',
    outcome: 'Claude, however simple the text; the container is not asked',
  },
  {
    fault: '`max_tokens` is −1, 1.5, "5", 1e400',
    outcome: '400 that names it; 0 is Claude’s way to fill a prompt cache and goes there',
  },
  {
    fault: '`max_tokens` far beyond what a model writes',
    outcome: 'capped at what the local model may write',
  },
  { fault: 'Stop sequences: split over pieces, empty, too many', outcome: 'an exact stop; 400' },
  { fault: 'A field twice', outcome: '400: what is routed is what is answered' },
  {
    fault: 'A fallback with a temperature, under an API version that refuses it',
    outcome: 'no 400 of the router’s own making',
  },
  { fault: '100 equal requests at once, the first client leaves', outcome: '99 whole answers' },
  { fault: 'A cached answer expires under load', outcome: 'whole answers; lifetimes are spread by 10 %' },
  { fault: 'One caller asks what another has asked', outcome: 'a miss; so does any other field' },
  {
    fault: 'A cache is fed with broken, refused or cut answers',
    outcome: 'nothing is kept; Claude’s answer stands under Claude’s key only',
  },
  { fault: 'The cache fails or hangs', outcome: 'an answer without it' },
  { fault: 'Keys are rotated and revoked', outcome: 'old and new hold side by side, then 401' },
  { fault: 'A secret is missing at the start', outcome: '503 that names it; never open' },
  {
    fault: 'A prompt asks to be sent to the local model',
    outcome: 'the route of the same request without that sentence, or Claude',
  },
  {
    fault: 'Headers that pretend to come from a proxy or from the router',
    outcome: 'upstreams get exactly the allow-list',
  },
  { fault: 'Paths that climb or have no end', outcome: '404; nobody is asked' },
  { fault: '`__proto__` and `constructor` in a body', outcome: 'nothing changes for the next request' },
  { fault: 'Texts made to slow patterns down', outcome: 'linear time, for every pattern' },
  {
    fault: 'Line breaks and escapes in names and headers; secrets and prompts',
    outcome: 'one line a request; a secret or a prompt in none',
  },
  {
    fault: 'Keys guessed by how long the comparison takes',
    outcome: 'digests of equal length are compared, whatever was sent',
    notHere: {
      reason: 'A statistic over tens of thousands of requests to a quiet machine, not over one run of tests.',
      command: 'npm run bench:edge on a quiet machine, a right and a wrong key in turn; compare the medians',
    },
  },
  {
    fault: '1,000 requests at once',
    outcome: 'every one ends; whom the container has no room for Claude answers',
    notHere: {
      reason: 'The tests send 200, so that a busy machine ends them in time.',
      command: 'npm run bench:faults',
    },
  },
  {
    fault: 'Hours under faults',
    outcome: 'no socket, row or timer is left; memory stays flat',
    notHere: {
      reason: 'The test runs for seconds; memory is only judged from minutes on.',
      command: 'npm run bench:faults -- --soak 4h; FAULT_SOAK_SECONDS=14400 npx vitest run -t "F63 "',
    },
  },
  { fault: 'A long prompt is read while the health page is asked', outcome: '`/healthz` 200 meanwhile' },
  {
    fault: 'Somebody drains the account by making the container fail',
    outcome: 'that key’s limit: 429 for it, others are served',
  },
  {
    fault:
      'A request with `x-router-privacy: local` meets any of these, or anything else that would ask Claude',
    outcome: 'the local answer or an error; not a byte to Claude, on no endpoint',
  },
]
