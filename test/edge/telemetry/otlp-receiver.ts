/**
 * A receiver of OTLP/HTTP in JSON, written from the specification (opentelemetry-proto, docs/specification.md and
 * trace.proto) and stricter than it: whatever it does not know fails.
 */
import * as z from 'zod'

const hex = (digits: number) => z.string().regex(new RegExp(`^(?!0+$)[0-9a-f]{${digits}}$`))
const uint64 = z
  .string()
  .regex(/^\d{1,20}$/)
  .refine((text) => BigInt(text) < 2n ** 64n)
const int64 = z.string().regex(/^-?\d{1,19}$/)
const plainText = z.string().refine((text) => text.isWellFormed())

const scalar = z.union([
  z.strictObject({ stringValue: plainText }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: int64 }),
  z.strictObject({ doubleValue: z.number() }),
])
const anyValue = z.union([
  scalar,
  z.strictObject({ arrayValue: z.strictObject({ values: z.array(scalar) }) }),
])
const attributes = z
  .array(z.strictObject({ key: z.string().min(1), value: anyValue }))
  .refine((list) => new Set(list.map(({ key }) => key)).size === list.length, 'a key appears twice')

const span = z.strictObject({
  traceId: hex(32),
  spanId: hex(16),
  parentSpanId: hex(16).optional(),
  traceState: z.string().optional(),
  flags: z.int().min(0).max(0x3ff),
  name: plainText.min(1),
  kind: z.int().min(1).max(5),
  startTimeUnixNano: uint64,
  endTimeUnixNano: uint64,
  attributes,
  status: z.strictObject({ code: z.int().min(0).max(2), message: plainText }).optional(),
})

const exportRequest = z.strictObject({
  resourceSpans: z
    .array(
      z.strictObject({
        resource: z.strictObject({ attributes }),
        scopeSpans: z.array(
          z.strictObject({
            scope: z.strictObject({ name: z.string().min(1), version: z.string() }),
            spans: z.array(span).min(1),
          }),
        ),
      }),
    )
    .min(1),
})

type Values = Readonly<Record<string, unknown>>
export type ReceivedSpan =
  z.infer<typeof span> extends infer Span
    ? Omit<Span, 'attributes'> & { readonly attributes: Values; readonly resource: Values }
    : never

/** Returns the spans of an export with their attributes by name. @throws for what the specification does not allow */
export function readTraceExport(body: string): readonly ReceivedSpan[] {
  const { resourceSpans } = exportRequest.parse(JSON.parse(body))
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((each) => {
        if (BigInt(each.endTimeUnixNano) < BigInt(each.startTimeUnixNano))
          throw new Error('ends before it began')
        return { ...each, attributes: valuesOf(each.attributes), resource: valuesOf(resource.attributes) }
      }),
    ),
  )
}

function valuesOf(list: z.infer<typeof attributes>): Values {
  return Object.fromEntries(list.map(({ key, value }) => [key, readValue(value)]))
}

function readValue(value: z.infer<typeof anyValue>): unknown {
  if ('intValue' in value) return BigInt(value.intValue)
  if ('arrayValue' in value) return value.arrayValue.values.map(readValue)
  return Object.values(value)[0]
}
