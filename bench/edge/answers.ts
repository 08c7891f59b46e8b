/** What stands in Claude's place says this, as one message or as a stream. Sends nothing. */
import { CHUNKS, CONCRETE_MODEL } from './workload.ts'

const usage = { input_tokens: 40, output_tokens: CHUNKS }
const message = {
  id: 'msg_bench',
  type: 'message',
  role: 'assistant',
  model: CONCRETE_MODEL,
  content: [{ type: 'text', text: 'It should say that the figures are of one run. '.repeat(12) }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage,
}

/** A whole message. */
export const ANSWER = JSON.stringify(message)

/** Events before the first word, a word, events after the last one. */
export const STREAM_START = [
  { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
]
  .map(frame)
  .join('')
export const DELTA = frame({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text: 'nine more ' },
})
export const STREAM_END = [
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
  { type: 'message_stop' },
]
  .map(frame)
  .join('')

function frame(event: Readonly<Record<string, unknown>>): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}
