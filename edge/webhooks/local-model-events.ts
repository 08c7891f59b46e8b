/**
 * Turns what is learned of each local server into events: a breaker that opens, the last server lost, the first one
 * back. State of the isolate, as the servers' health is: every isolate that notices a change tells of it once.
 */
import type { HealthListener } from '../providers/local/health.ts'
import type { TellWebhook } from './webhook-sender.ts'

/**
 * Returns the listener of each server, by its place in the list of servers.
 * @param servers how many there are
 * @param modelName the model's name as far as it is known
 */
export function createLocalModelEvents(
  servers: number,
  modelName: () => string | undefined,
  tell: TellWebhook,
): (place: number) => HealthListener {
  const failing = new Set<number>()
  let lost = false
  return (place) => ({
    opened({ code }, waitUntil) {
      tell({ type: 'local_model.breaker_opened', data: { server: place + 1, cause: code } }, waitUntil)
      failing.add(place)
      if (lost || failing.size < servers) return
      lost = true
      tell({ type: 'local_model.lost', data: { model: modelName() ?? null, cause: code } }, waitUntil)
    },
    ready(waitUntil) {
      failing.delete(place)
      if (!lost) return
      lost = false
      tell({ type: 'local_model.back', data: { model: modelName() ?? null } }, waitUntil)
    },
  })
}
