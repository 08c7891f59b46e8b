/**
 * Paths as clients build them, and what is said where there is nothing: which shape an error has there, and what to use
 * instead.
 */

/**
 * Returns the path that is meant. Some clients append `/v1/…` to a base URL that ends in `/v1` or in a slash already.
 */
export function normalisePath(path: string): string {
  if (!UNUSUAL.test(path)) return path
  const single = path.replaceAll(/\/{2,}/g, '/').replace(/^(\/v1)+\//, '/v1/')
  return single.length > 1 && single.endsWith('/') ? single.slice(0, -1) : single
}

const UNUSUAL = /\/\/|^\/v1\/v1\/|.\/$/

const OPENAI_ONLY =
  /^(\/v1)?\/(chat|responses|conversations|completions|embeddings|images|audio|moderations|assistants|threads|vector_stores|fine_tuning|batches|realtime|uploads)(\/|$)/

/** Says whether only OpenAI's clients call this path, so that its errors have OpenAI's shape. */
export function isOpenAiPath(path: string): boolean {
  return OPENAI_ONLY.test(path)
}

/** Looks like a response's id and is none: what may be done with a response would be no help there. */
const COMPACTION = /\/responses\/compact$/

/** Says whether there is no endpoint although the path fits one's pattern. */
export function isNoResource(path: string): boolean {
  return COMPACTION.test(path)
}

const INSTEAD: readonly (readonly [RegExp, string])[] = [
  [
    /\/responses\/[^/]+\/cancel$/,
    'Answers in the background are not offered, so there is nothing to cancel. Use POST /v1/responses.',
  ],
  [
    COMPACTION,
    'Compaction is not offered: Claude reads the whole conversation. Go on with "previous_response_id" or all items in "input" of POST /v1/responses.',
  ],
  [/\/responses\/./, 'This part of the Responses API is not offered. Use POST /v1/responses.'],
  [
    /\/conversations(\/|$)/,
    'Conversations are not offered. Use "previous_response_id" of POST /v1/responses.',
  ],
  [/\/chat\/completions\/.+/, 'Stored completions are not offered. Use POST /v1/chat/completions.'],
  [/\/completions(\/|$)/, 'Text completions are not offered. Use POST /v1/chat/completions.'],
  [
    /\/embeddings(\/|$)/,
    'Embeddings are not offered: neither side of the router makes them. Use a provider of embeddings directly.',
  ],
  [
    /\/messages\/batches\//,
    'Batches have POST and GET /v1/messages/batches, GET and DELETE …/:id, POST …/:id/cancel and GET …/:id/results.',
  ],
  [
    /\/batches(\/|$)/,
    "OpenAI's Batch API is not offered. Anthropic's is: POST /v1/messages/batches. Or send each request to POST /v1/chat/completions.",
  ],
  [
    /\/files(\/|$)/,
    'Files are not offered. Send the content in the request, as a document or image block of POST /v1/messages.',
  ],
]

/** Returns what to use in the place of an endpoint that does not exist. */
export function insteadOf(path: string): string {
  const known = INSTEAD.find(([pattern]) => pattern.test(path))?.[1]
  return known ?? 'There is no such endpoint. GET /docs lists those that there are.'
}
