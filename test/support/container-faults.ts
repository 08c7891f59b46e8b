/**
 * Every way in which a container fails that is reached: before its first word and after it, as answers of a stand-in. Says
 * nothing of what a client then sees.
 */
import type { Script } from './upstream.ts'
import {
  frame,
  framesUntilText,
  LOCAL_ANSWER,
  localAnswers,
  stream,
  streamFrames,
  streamHead,
} from './upstream-messages.ts'
import {
  chunk,
  complete,
  finish,
  head,
  hold,
  htmlPage,
  pause,
  raw,
  reset,
  respond,
} from './upstream-steps.ts'

/** A stream's frames before its first word. */
export const OPENING = framesUntilText(LOCAL_ANSWER, 0)
/** Words that no client may read. */
export const LOCAL_SECRET_DETAIL = 'local-secret-detail'

const SPOKEN = framesUntilText(LOCAL_ANSWER, 1)
const LONG_LINE = `data: ${'x'.repeat(64 * 1024)}`.repeat(160)
const LOCAL_ERROR = frame({ type: 'error', error: { type: 'api_error', message: LOCAL_SECRET_DETAIL } })

/** Nothing that could be read has come. */
export const FAILS_BEFORE_FIRST_WORD = {
  silence: [hold],
  lateHeaders: [pause(3_000), ...localAnswers],
  headersOnly: [streamHead, hold],
  noText: [streamHead, chunk(OPENING), chunk(frame({ type: 'ping' })), hold],
  closes: [finish],
  resets: [reset],
  closesAfterHeaders: [streamHead, finish],
  resetsAfterHeaders: [streamHead, chunk(OPENING), reset],
  endsWithoutWord: [streamHead, chunk(OPENING), complete],
  emptyAnswer: stream(streamFrames({ ...LOCAL_ANSWER, pieces: [] })),
  shorterThanDeclared: [
    head(200, { 'content-type': 'text/event-stream', 'content-length': '9999' }),
    raw(OPENING),
    finish,
  ],
  notJson: [streamHead, chunk('data: {"type":"mess\n\n'), hold],
  longLine: [streamHead, chunk(LONG_LINE), hold],
  notUtf8: [streamHead, chunk(Uint8Array.of(0xff, 10, 10)), hold],
  truncatedChunk: [streamHead, raw('ff\r\ndata: {"ty'), finish],
  errorFirst: [streamHead, chunk(LOCAL_ERROR), complete],
  page502: htmlPage(502),
  page503: htmlPage(503),
  page200: htmlPage(200),
  page404: htmlPage(404),
  redirects: respond(302, '', { location: 'http://127.0.0.1:9/elsewhere' }),
  failsInside: respond(500, '{"type":"error"}'),
  tooLong: respond(413, '{"type":"error"}'),
} as const satisfies Readonly<Record<string, Script>>

const afterOneWord = (...ending: Script): Script => [streamHead, chunk(SPOKEN), ...ending]

/** One word has come. */
export const FAILS_AFTER_FIRST_WORD = {
  stalls: afterOneWord(hold),
  onlyPings: afterOneWord(chunk(frame({ type: 'ping' })), hold),
  closes: afterOneWord(finish),
  resets: afterOneWord(reset),
  endsWithoutStop: afterOneWord(complete),
  notJson: afterOneWord(chunk('data: {"type":"cont\n\n'), hold),
  notWhatItsTypePromises: afterOneWord(chunk('data: {"type":"content_block_delta"}\n\n'), hold),
  longLine: afterOneWord(chunk(LONG_LINE), hold),
  truncatedChunk: afterOneWord(raw('ff\r\ndata: {"ty'), finish),
  errorEvent: afterOneWord(chunk(LOCAL_ERROR), complete),
} as const satisfies Readonly<Record<string, Script>>
