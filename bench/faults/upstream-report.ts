/** What the stand-ins' process tells of itself to the one that started it. */
import * as z from 'zod'

const upstream = z.object({
  requests: z.number(),
  faults: z.number(),
  /** Connections that are open at this moment. */
  open: z.number(),
})

export const upstreamReportSchema = z.object({
  claude: upstream,
  container: upstream,
  /** Answers of the container by their status. */
  statuses: z.record(z.string(), z.number()),
  /** The longest queue that it told of. */
  longestQueue: z.number(),
  /** How long it took to tell each of those whom it had no room for, ms. */
  refusedAfterMs: z.array(z.number()),
})
export type UpstreamReport = z.infer<typeof upstreamReportSchema>
