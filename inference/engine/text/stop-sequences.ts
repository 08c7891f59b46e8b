/** The matcher of stop sequences, which the edge uses as well. */
export { createStopMatcher } from '../../../shared/stop-sequences.ts'
