/**
 * The one error type of the system and its wire form: Anthropic's error body and status.
 * Owns the table of codes. Does not decide what to do about an error: the fallback reads `tryNextTarget`.
 */

/**
 * Anthropic's error types, as its SDKs know them: the status of each as a response, the code of ours that comes nearest,
 * and what OpenAI's clients call it (they branch on the code). Source: both vendors' error pages, November 2026.
 */
const ERROR_TYPES = {
  invalid_request_error: { status: 400, code: 'invalid_request', openAi: ['invalid_request_error', null] },
  authentication_error: {
    status: 401,
    code: 'unauthorized',
    openAi: ['invalid_request_error', 'invalid_api_key'],
  },
  billing_error: { status: 402, code: 'billing', openAi: ['insufficient_quota', 'insufficient_quota'] },
  permission_error: {
    status: 403,
    code: 'forbidden',
    openAi: ['invalid_request_error', 'permission_denied'],
  },
  not_found_error: { status: 404, code: 'not_found', openAi: ['invalid_request_error', 'not_found'] },
  request_too_large: {
    status: 413,
    code: 'too_large',
    openAi: ['invalid_request_error', 'request_too_large'],
  },
  rate_limit_error: {
    status: 429,
    code: 'rate_limited',
    openAi: ['rate_limit_error', 'rate_limit_exceeded'],
  },
  api_error: { status: 500, code: 'upstream', openAi: ['server_error', null] },
  timeout_error: { status: 504, code: 'timeout', openAi: ['server_error', 'timeout'] },
  overloaded_error: { status: 529, code: 'overloaded', openAi: ['server_error', 'overloaded'] },
} as const
export type ApiErrorType = keyof typeof ERROR_TYPES

/** Returns an error type of Anthropic's that is known here; any other is an `api_error`. */
export function knownErrorType(type: string): ApiErrorType {
  return Object.hasOwn(ERROR_TYPES, type) ? (type as ApiErrorType) : 'api_error'
}

/** Returns what is known of an error type. */
export function errorTypeMeaning(type: string): (typeof ERROR_TYPES)[ApiErrorType] {
  return ERROR_TYPES[knownErrorType(type)]
}

type Meaning = {
  readonly status: number
  readonly type: ApiErrorType
  /** Whether another target may succeed where this one failed. */
  readonly tryNextTarget: boolean
}

const MEANINGS = {
  invalid_request: { status: 400, type: 'invalid_request_error', tryNextTarget: false },
  /** The request is fine, but this target cannot serve it (prompt too long, a block it cannot read). */
  unsupported: { status: 400, type: 'invalid_request_error', tryNextTarget: true },
  unauthorized: { status: 401, type: 'authentication_error', tryNextTarget: false },
  billing: { status: 503, type: 'billing_error', tryNextTarget: false },
  forbidden: { status: 403, type: 'permission_error', tryNextTarget: false },
  not_found: { status: 404, type: 'not_found_error', tryNextTarget: false },
  method_not_allowed: { status: 405, type: 'invalid_request_error', tryNextTarget: false },
  too_large: { status: 413, type: 'request_too_large', tryNextTarget: false },
  unsupported_media_type: { status: 415, type: 'invalid_request_error', tryNextTarget: false },
  rate_limited: { status: 429, type: 'rate_limit_error', tryNextTarget: false },
  /** A queue is full, or an upstream says that it has too much to do. */
  overloaded: { status: 529, type: 'overloaded_error', tryNextTarget: true },
  /** Loading, restarting, draining, asleep, or not reachable at all. */
  unavailable: { status: 503, type: 'api_error', tryNextTarget: true },
  configuration: { status: 503, type: 'api_error', tryNextTarget: true },
  timeout: { status: 504, type: 'timeout_error', tryNextTarget: true },
  /** An upstream answered, but not with an answer: 5xx, HTML, truncated, empty. */
  upstream: { status: 502, type: 'api_error', tryNextTarget: true },
  /** The model has looked at the request and leaves it to another: no error of anybody's. */
  declined: { status: 409, type: 'api_error', tryNextTarget: true },
  /** The model has read the request and would only guess: it hands it over, which is no error either. */
  low_confidence: { status: 409, type: 'api_error', tryNextTarget: true },
  /** The model ended without a word; the next target may know one. */
  empty_answer: { status: 502, type: 'api_error', tryNextTarget: true },
  /** The client left; nobody reads what is written from here on. */
  cancelled: { status: 499, type: 'api_error', tryNextTarget: false },
  internal: { status: 500, type: 'api_error', tryNextTarget: false },
} as const satisfies Record<string, Meaning>

export type ErrorCode = keyof typeof MEANINGS

export type RouterErrorOptions = {
  readonly cause?: unknown
  /** Milliseconds after which trying again makes sense. */
  readonly retryAfterMs?: number | undefined
  /** Overrides the code's own HTTP status, e.g. 429 for a full container. */
  readonly status?: number
}

/** Anthropic's error body. */
export type ErrorBody = {
  readonly type: 'error'
  readonly error: { readonly type: string; readonly message: string }
  readonly request_id?: string
}

/** An error whose message may be shown to clients: it never holds keys, prompts, hosts or upstream bodies. */
export class RouterError extends Error {
  override readonly name = 'RouterError'
  readonly code: ErrorCode
  readonly status: number
  readonly type: ApiErrorType
  readonly tryNextTarget: boolean
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: RouterErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status ?? MEANINGS[code].status
    this.type = MEANINGS[code].type
    this.tryNextTarget = MEANINGS[code].tryNextTarget
    this.retryAfterMs = options.retryAfterMs
  }

  /** Returns `error` itself if it is a RouterError, else an `internal` one that hides it behind a fixed text. */
  static from(error: unknown): RouterError {
    if (error instanceof RouterError) return error
    return new RouterError('internal', 'Internal error. The router has logged it under this request id.', {
      cause: error,
    })
  }
}

/** Returns the body that Anthropic's SDKs parse; `requestId` appears as `request_id`. */
export function errorBody(error: RouterError, requestId?: string): ErrorBody {
  return {
    type: 'error',
    error: { type: error.type, message: error.message },
    ...(requestId === undefined ? {} : { request_id: requestId }),
  }
}

/** Returns whole seconds for a `Retry-After` header, at least 1 and at most `maxSeconds`. */
export function retryAfterSeconds(retryAfterMs: number, maxSeconds = 60): number {
  return Math.min(maxSeconds, Math.max(1, Math.ceil(retryAfterMs / 1000)))
}

/**
 * Reads a `Retry-After` header (seconds or an HTTP date) and Anthropic's `retry-after-ms`.
 * @returns milliseconds from `now`, or undefined where neither header says anything usable
 */
export function readRetryAfterMs(headers: Headers, now: number): number | undefined {
  const milliseconds = Number.parseFloat(headers.get('retry-after-ms') ?? '')
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds
  const value = headers.get('retry-after') ?? ''
  if (/^\d{1,12}(\.\d+)?$/.test(value)) return Number(value) * 1000
  // Date.parse takes almost anything for a date ("soon 1" is in 2001); an HTTP date begins with its weekday.
  const date = /^(mon|tue|wed|thu|fri|sat|sun)/i.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** Returns the kind of an unexpected error for a log; its text may hold anything and is never written. */
export function causeName(error: unknown): string {
  const cause = error instanceof RouterError ? error.cause : error
  return cause instanceof Error ? cause.name : typeof cause
}
