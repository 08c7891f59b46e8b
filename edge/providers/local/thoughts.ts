/**
 * Takes a model's thoughts out of its answer: thinking blocks, and a `<think>` block at the head of its text. Nobody asks
 * a local model for thoughts, and Claude refuses a history that holds thinking it has not signed. Knows no wire format.
 */
import type { KnownEvent, StreamEvent } from '../../../shared/events.ts'

export type ThoughtFilter = {
  /** Returns what the client gets of the next event, with block indexes that have no gaps. */
  readonly push: (event: StreamEvent) => readonly StreamEvent[]
}

type Delta = Extract<KnownEvent, { type: 'content_block_delta' }>

/** Where a text may stand: before its first word, inside its think block, after that block, or in the answer. */
type Place = 'head' | 'thoughts' | 'gap' | 'answer'

const OPENING = '<think>'
const CLOSING = '</think>'

/** Returns a filter for one answer. */
export function createThoughtFilter(): ThoughtFilter {
  /** The client's index of each block that it sees, by the upstream's index. */
  const shown = new Map<number, number>()
  let place: Place = 'head'
  let held: Delta[] = []
  let tail = ''

  const release = (): readonly Delta[] => {
    const released = held
    held = []
    return released
  }
  const keepRest = (delta: Delta, rest: string): readonly Delta[] => {
    const text = place === 'gap' ? rest.trimStart() : rest
    if (text === '') return []
    place = 'answer'
    return [{ ...delta, delta: { ...delta.delta, text } }]
  }
  const readHead = (delta: Delta): readonly Delta[] => {
    held.push(delta)
    const text = held.map((each) => each.delta.text ?? '').join('')
    const begun = text.trimStart()
    if (OPENING.startsWith(begun)) return []
    if (!begun.startsWith(OPENING)) {
      place = 'answer'
      return release()
    }
    held = []
    place = 'thoughts'
    return readThoughts(delta, begun.slice(OPENING.length))
  }
  const readThoughts = (delta: Delta, text: string): readonly Delta[] => {
    tail += text
    const end = tail.indexOf(CLOSING)
    if (end === -1) {
      tail = tail.slice(1 - CLOSING.length)
      return []
    }
    place = 'gap'
    return keepRest(delta, tail.slice(end + CLOSING.length))
  }
  const readText = (delta: Delta): readonly Delta[] => {
    if (place === 'answer') return [delta]
    if (place === 'head') return readHead(delta)
    const text = delta.delta.text ?? ''
    return place === 'thoughts' ? readThoughts(delta, text) : keepRest(delta, text)
  }

  return {
    push(event) {
      if (event.type === 'content_block_start') {
        const { content_block } = event
        if (content_block.type === 'thinking' || content_block.type === 'redacted_thinking') return []
        const index = shown.size
        shown.set(event.index, index)
        if (content_block.type !== 'text') {
          place = 'answer'
          return [{ ...event, index }]
        }
        const delta = { type: 'text_delta', text: content_block.text ?? '' }
        return [
          { ...event, index, content_block: { ...content_block, text: '' } },
          ...(delta.text === '' ? [] : readText({ type: 'content_block_delta', index, delta })),
        ]
      }
      if (event.type !== 'content_block_delta' && event.type !== 'content_block_stop') return [event]
      const index = shown.get(event.index)
      if (index === undefined) return []
      if (event.type === 'content_block_stop') return [...release(), { ...event, index }]
      return event.delta.type === 'text_delta' ? readText({ ...event, index }) : [{ ...event, index }]
    },
  }
}
