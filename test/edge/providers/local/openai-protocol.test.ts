/** What servers of OpenAI's API are asked, by what is known of them. */
import { expect, test } from 'vitest'
import { localOpenAiProtocol } from '../../../../edge/providers/local/openai-protocol.ts'
import { parseMessagesRequest } from '../../../../shared/messages.ts'
import { ask } from '../../../support/edge/router.ts'

const request = parseMessagesRequest(ask('Hello!', { max_tokens: 64_000 }))

function bodyFor(owner: string | undefined, maxOutputTokens?: number) {
  const server = {
    name: 'm',
    card: undefined,
    maxInputTokens: undefined,
    maxOutputTokens,
    isContainer: false,
    owner,
  }
  return localOpenAiProtocol.body(request, { model: 'm', logprobs: false, server })
}

test.each([undefined, 'library', 'llamacpp'])(
  'a server of %s is asked for no thinking in both ways',
  (owner) => {
    expect(bodyFor(owner)).toMatchObject({
      reasoning_effort: 'none',
      chat_template_kwargs: { enable_thinking: false },
    })
  },
)

test.each(['vllm', 'sglang'])(
  'a server of %s is asked by its template only: it may refuse the other',
  (owner) => {
    expect(bodyFor(owner)).toMatchObject({ chat_template_kwargs: { enable_thinking: false } })
    expect(bodyFor(owner)).not.toHaveProperty('reasoning_effort')
  },
)

test('an answer is asked to be no longer than there is room', () => {
  expect(bodyFor('vllm', 2_048)).toMatchObject({ max_tokens: 2_048 })
  expect(bodyFor('vllm')).toMatchObject({ max_tokens: 64_000 })
})
