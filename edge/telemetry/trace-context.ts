/**
 * To which trace a request belongs: the client's, as W3C's `traceparent` says it, or a new one. Sends and changes no
 * header: upstreams get the client's own unchanged.
 */

export type TraceContext = {
  /** 32 hex digits in lower case. */
  readonly traceId: string
  /** Of the router's own span: 16 hex digits in lower case. */
  readonly spanId: string
  /** The client's span; undefined where the trace begins here. */
  readonly parentSpanId: string | undefined
  /** What vendors have added to the client's context; undefined where it begins here. */
  readonly traceState: string | undefined
  /** The client asked for its trace to be recorded; one that begins here is. */
  readonly sampled: boolean
}

export type TraceHeaders = {
  readonly traceparent?: string | undefined
  readonly tracestate?: string | undefined
}

const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/
const ZEROS = /^0+$/
const SAMPLED = 1
/** W3C lets a receiver drop a longer one. */
const LONGEST_STATE = 512

/**
 * Returns the context of the router's span; a `traceparent` that is malformed counts as none, as W3C demands.
 * @param random uniform in [0, 1)
 */
export function traceContextOf(headers: TraceHeaders, random: () => number): TraceContext {
  const spanId = randomHex(16, random)
  const client = readTraceparent(headers.traceparent)
  if (client === undefined)
    return {
      traceId: randomHex(32, random),
      spanId,
      parentSpanId: undefined,
      traceState: undefined,
      sampled: true,
    }
  const state = headers.tracestate?.trim()
  const traceState = state === undefined || state === '' || state.length > LONGEST_STATE ? undefined : state
  return { ...client, spanId, traceState }
}

function readTraceparent(
  header: string | undefined,
): Pick<TraceContext, 'traceId' | 'parentSpanId' | 'sampled'> | undefined {
  const [, version, traceId, parentSpanId, flags, rest] = TRACEPARENT.exec(header?.trim() ?? '') ?? []
  if (version === undefined || traceId === undefined || parentSpanId === undefined || flags === undefined)
    return undefined
  // Versions to come may add fields at the end; the present one has none.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (ZEROS.test(traceId) || ZEROS.test(parentSpanId)) return undefined
  return { traceId, parentSpanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED }
}

/** An id of zeros alone is invalid. */
function randomHex(digits: number, random: () => number): string {
  const id = Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('')
  return ZEROS.test(id) ? `${id.slice(1)}1` : id
}
