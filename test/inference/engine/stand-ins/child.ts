/**
 * Stands in for the model's process: does to itself what the question says, as models, runtimes and systems do.
 */
import process from 'node:process'
import type { Command, Report } from '../../../../inference/engine/protocol.ts'

const report = (message: Report) => void process.send?.(message)
const tell = (id: number, text: string) =>
  report({ type: 'event', id, event: { type: 'text', text, tokens: 1, logprob: undefined } })

const deeds: Readonly<Record<string, (id: number) => void>> = {
  /** Writes one word and never another. */
  write: (id) => tell(id, 'word'),
  answer(id) {
    tell(id, 'word')
    report({
      type: 'event',
      id,
      event: { type: 'end', stopReason: 'end_turn', stopSequence: null, outputTokens: 1 },
    })
  },
  /** A step that does not end. */
  hang() {
    for (;;);
  },
  /** As a system does whose memory has run out. */
  exhaust: () => void process.kill(process.pid, 'SIGKILL'),
  /** As a runtime does whose memory has run out. */
  exit: () => process.exit(134),
}

process.on('message', (command: Command) => {
  if (command.type === 'load')
    report({
      type: 'ready',
      speed: { firstTokenMs: 1, prefillTokensPerSecond: 1000, tokensPerSecond: 100 },
      serving: { loop: 'batched', weights: 'fp32', rows: 8, cacheBytesPerToken: 1, reason: undefined },
    })
  else if (command.type === 'ping') report({ type: 'pong' })
  else if (command.type === 'generate') {
    const { id, request } = command
    report({ type: 'event', id, event: { type: 'start', inputTokens: 1, cachedTokens: 0 } })
    report({ type: 'event', id, event: { type: 'prefilled' } })
    deeds[request.turns[0]?.text ?? '']?.(id)
  }
})
process.on('disconnect', () => process.exit(0))
