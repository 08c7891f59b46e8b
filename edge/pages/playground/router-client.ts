/**
 * The router's endpoints as the playground uses them. Credentials come from `readKey` with each call; bodies are checked
 * where they come in.
 */
import * as z from 'zod/mini'
import { explanationSchema } from '../../http/explanation-schema.ts'
import { type ReceiptRecord, receiptRecordSchema } from '../../ledger/receipt-record.ts'
import { type AnswerError, type AnswerEvent, readAnswer, readError } from './answer-events.ts'
import type { AskRequest } from './ask-options.ts'

export type Explanation = z.infer<typeof explanationSchema>

const statusSchema = z.looseObject({
  strategy: z.string(),
  claude: z.looseObject({
    available: z.boolean(),
    keySource: z.string(),
    model: z.string(),
    simpleModel: z.string(),
  }),
  local: z.looseObject({
    enabled: z.boolean(),
    available: z.boolean(),
    model: z.nullable(z.string()),
    servers: z.array(z.looseObject({ state: z.string() })),
  }),
})
export type RouterStatus = z.infer<typeof statusSchema>

/** Something that the router said, or its error. */
export type Told<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: AnswerError }

export type RouterClient = ReturnType<typeof createRouterClient>

/** Returns the client. @param readKey the visitor's key, empty where there is none */
export function createRouterClient(send: typeof fetch, readKey: () => string) {
  const headers = (): Record<string, string> => {
    const key = readKey()
    return { accept: 'application/json', ...(key === '' ? {} : { 'x-api-key': key }) }
  }
  const post = (path: string, { body, headers: own }: AskRequest, signal: AbortSignal) =>
    send(path, {
      method: 'POST',
      headers: { ...headers(), 'content-type': 'application/json', ...own },
      body: JSON.stringify(body),
      signal,
    })
  return {
    /** Yields the answer as it comes. Throws where the connection breaks or is aborted. */
    async *ask(request: AskRequest, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
      yield* readAnswer(await post('/v1/messages', request, signal))
    },
    explain: async (request: AskRequest, signal: AbortSignal): Promise<Told<Explanation>> =>
      told(await post('/v1/router/explain', request, signal), explanationSchema),
    status: async (signal?: AbortSignal): Promise<Told<RouterStatus>> =>
      told(
        await send('/v1/router/status', { headers: headers(), ...(signal === undefined ? {} : { signal }) }),
        statusSchema,
      ),
    receipt: async (requestId: string, signal: AbortSignal): Promise<Told<ReceiptRecord>> =>
      told(
        await send(`/v1/router/requests/${encodeURIComponent(requestId)}`, { headers: headers(), signal }),
        receiptRecordSchema,
      ),
  }
}

async function told<T>(response: Response, schema: z.ZodMiniType<T>): Promise<Told<T>> {
  const body = await response.text()
  if (!response.ok) return { ok: false, error: readError(body, response.status) }
  try {
    const parsed = schema.safeParse(JSON.parse(body))
    if (parsed.success) return { ok: true, value: parsed.data }
  } catch {}
  return {
    ok: false,
    error: { type: 'unknown', message: 'The router said something that this page does not know.' },
  }
}
