/**
 * What an answer cost and who gave it, read from the gateway's one log line per request: the only place where it all
 * comes together, for whole answers and streams alike.
 */
import * as z from 'zod'
import { RouterError } from '../shared/errors.ts'
import type { Log } from '../shared/log.ts'

const receiptSchema = z.object({
  taskType: z.string(),
  model: z.string().optional(),
  route: z.enum(['local', 'claude', 'cache']).optional(),
  score: z.number(),
  cache: z.enum(['hit', 'miss', 'bypass']),
  fallback: z.string().optional(),
  attempts: z.number(),
  latencyMs: z.number(),
  firstContentMs: z.number().optional(),
  costUsd: z.number().optional(),
  savedUsd: z.number().optional(),
})

export type Receipt = z.infer<typeof receiptSchema>

export type Receipts = {
  /** Passes every line on. */
  readonly log: Log
  /** Begins to listen for a request's line. */
  readonly expect: (requestId: string) => ExpectedReceipt
}

export type ExpectedReceipt = {
  /** Returns the receipt. @throws {RouterError} `internal` before the request has ended */
  readonly read: () => Receipt
  /** Forgets it. */
  readonly close: () => void
}

/** Returns receipts that listen to what is logged and hand it on to `log`. */
export function createReceipts(log: Log): Receipts {
  const expected = new Map<string, Receipt | undefined>()
  return {
    log(message, fields = {}, level) {
      const { requestId } = fields
      if (typeof requestId === 'string' && expected.has(requestId)) {
        const parsed = receiptSchema.safeParse(fields)
        if (parsed.success) expected.set(requestId, parsed.data)
      }
      log(message, fields, level)
    },
    expect(requestId) {
      expected.set(requestId, undefined)
      return {
        read() {
          const receipt = expected.get(requestId)
          if (receipt !== undefined) return receipt
          throw new RouterError('internal', 'The router has no record of this answer.')
        },
        close: () => void expected.delete(requestId),
      }
    },
  }
}
