/**
 * OTLP's JSON form of spans: ids in hex, 64-bit numbers as decimal texts, enums as numbers. Knows no receipt and sends
 * nothing. By the specification 1.x, "JSON Protobuf Encoding".
 */

export type AttributeValue = string | number | bigint | boolean | readonly string[]

/** Attributes by name; undefined ones are left out. A `bigint` is sent as an integer, a `number` as a double. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>

export type OtlpValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly OtlpValue[] } }
export type OtlpAttribute = { readonly key: string; readonly value: OtlpValue }

/** SPAN_KIND_CLIENT */
export const CLIENT_SPAN = 3
/** STATUS_CODE_ERROR */
export const STATUS_ERROR = 2

export type OtlpSpan = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  /** W3C's flags, and whether the parent is known to be elsewhere. */
  readonly flags: number
  readonly name: string
  readonly kind: typeof CLIENT_SPAN
  /** Nanoseconds since the epoch. */
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly OtlpAttribute[]
  /** Absent: unset, as is right for whatever is no error. */
  readonly status?: { readonly code: typeof STATUS_ERROR; readonly message: string }
}

export type OtlpScope = { readonly name: string; readonly version: string }

/** What an attribute may hold, in UTF-16 units: more than kept content ever is. */
const LONGEST_TEXT = 400_000

/** Returns attributes in OTLP's form. */
export function otlpAttributes(attributes: Attributes): readonly OtlpAttribute[] {
  return Object.entries(attributes).flatMap(([key, value]) => {
    const encoded = value === undefined ? undefined : otlpValue(value)
    return encoded === undefined ? [] : [{ key, value: encoded }]
  })
}

/** Returns a time in nanoseconds since the epoch. @param milliseconds since the epoch, or a duration added to it */
export function unixNano(milliseconds: number, addedMs = 0): string {
  const added = BigInt(Math.max(0, Math.round(addedMs * 1_000_000)))
  return String(BigInt(Math.round(milliseconds)) * 1_000_000n + added)
}

/** Returns the body of an export: an ExportTraceServiceRequest. */
export function traceExport(
  spans: readonly OtlpSpan[],
  resource: Attributes,
  { name, version }: OtlpScope,
): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: otlpAttributes(resource) },
        scopeSpans: [{ scope: { name, version }, spans }],
      },
    ],
  })
}

/** JSON has no form for what is not finite. */
function otlpValue(value: AttributeValue): OtlpValue | undefined {
  switch (typeof value) {
    case 'string':
      return { stringValue: text(value) }
    case 'boolean':
      return { boolValue: value }
    case 'bigint':
      return { intValue: String(value) }
    case 'number':
      return Number.isFinite(value) ? { doubleValue: value } : undefined
    default:
      return { arrayValue: { values: value.map((each) => ({ stringValue: text(each) })) } }
  }
}

/** Half a character cannot be written as UTF-8, and receivers refuse the whole export for it. */
function text(value: string): string {
  return value.slice(0, LONGEST_TEXT).toWellFormed()
}
