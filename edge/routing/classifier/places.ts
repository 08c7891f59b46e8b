/**
 * Where a feature can stand in a request, and how much each place counts. Reads no request.
 */

/** Where a feature stands in the request; each place has weights of its own. */
export const PLACES = {
  form: 0,
  word: 1,
  pair: 2,
  skip: 3,
  piece: 4,
  opening: 5,
  ending: 6,
  middle: 7,
  reply: 8,
  earlier: 9,
  system: 10,
} as const
export type Place = keyof typeof PLACES
/** How much a place counts beside the others, chosen on sources left out of training. */
export const PLACE_SCALES: readonly number[] = [0.5, 1, 1, 0.7, 1, 0.5, 0.5, 0.4, 0.7, 0.4, 0.5]
