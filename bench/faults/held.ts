/** What a loaded stack holds, and how long its container's queue may be. Measures nothing. */

/** The container's setting. */
export const MAX_QUEUE = 8

/** At one moment. */
export type Held = {
  /** Of all isolates, MiB, after a collection. */
  readonly edgeHeapMiB: number
  /** Resident after that collection, MiB; undefined where the system does not tell. */
  readonly edgeMiB: number | undefined
  readonly containerMiB: number | undefined
  /** Connections: of the edge to both upstreams, and to the container itself. */
  readonly upstreamSockets: number
  readonly containerSockets: number
  /** Requests that the tenant's account takes to be on their way. */
  readonly reserved: number
}
