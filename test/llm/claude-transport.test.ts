/** The SDK as fetch: what it throws for a response is a response again. */
import { APIConnectionError, APIError } from '@anthropic-ai/sdk'
import { expect, test } from 'vitest'
import { type AnthropicClient, createClaudeFetch } from '../../llm/claude-transport.ts'

const body = { type: 'error', error: { type: 'api_error', message: 'x' } }

function fetchThatThrows(error: unknown) {
  const post = () => ({ asResponse: () => Promise.reject(error) })
  return createClaudeFetch({ post } as unknown as AnthropicClient, 1_000)(
    'https://claude.test/v1/messages',
    {},
  )
}

test.each([
  [400, 400],
  [304, 304],
  [529, 529],
  [600, 502],
  [999, 502],
])('gives an error with status %i as a response with status %i', async (status, expected) => {
  const response = await fetchThatThrows(
    APIError.generate(status, body, 'x', new Headers({ 'request-id': 'r' })),
  )
  expect(response.status).toBe(expected)
  expect(response.headers.get('request-id')).toBe('r')
  if (status !== 304) expect(await response.json()).toEqual(body)
})

test('rejects where there was no response', async () => {
  const error = new APIConnectionError({ message: 'x' })
  await expect(fetchThatThrows(error)).rejects.toBe(error)
})
