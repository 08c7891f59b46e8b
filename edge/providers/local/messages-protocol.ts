/**
 * The Messages API towards a local server: our own container, or any other server that speaks it.
 * Sends only what a text model can use; everything else in a request has been kept away by the guards.
 */
import { readAnswerFormat } from '../../../shared/answer-format.ts'
import { RouterError } from '../../../shared/errors.ts'
import { parseStreamEvent } from '../../../shared/events.ts'
import { textOf } from '../../../shared/messages.ts'
import { OPEN_MODEL_SAMPLING } from '../../routing/unknown-fields.ts'
import type { LocalProtocol } from './protocol.ts'

const FIELDS = ['stop_sequences', 'temperature', 'top_p', 'top_k', ...OPEN_MODEL_SAMPLING] as const

export const localMessagesProtocol: LocalProtocol = {
  path: '/v1/messages',
  readinessPaths: ['/readyz', '/v1/models'],
  headers: (secret) => ({
    'anthropic-version': '2023-06-01',
    ...(secret === undefined ? {} : { 'x-api-key': secret, authorization: `Bearer ${secret}` }),
  }),
  body(request, { model, server }) {
    // Text alone, built anew: what else a block or a turn may hold is of no use there and may be large.
    const messages = request.messages.map(({ role, content }) => ({ role, content: textOf(content) }))
    const system = textOf(request.system)
    const body: Record<string, unknown> = {
      model,
      stream: true,
      max_tokens: Math.min(request.max_tokens, server?.maxOutputTokens ?? request.max_tokens),
      messages,
      ...(system === '' ? {} : { system }),
      ...(server?.isContainer ? {} : { thinking: { type: 'disabled' } }),
    }
    if (readAnswerFormat(request.output_config) !== undefined) {
      // Of several servers, one may be of an older version.
      if (!server?.structuredOutputs)
        throw new RouterError(
          'unsupported',
          'The local model’s server cannot be held to output_config.format.',
        )
      body.output_config = request.output_config
    }
    for (const field of FIELDS) {
      const value = request[field]
      if (value !== undefined && value !== null) body[field] = value
    }
    return body
  },
  createReader: () => ({
    push: ({ data, event }) => [parseStreamEvent(data, event)],
    end: () => [],
  }),
}
