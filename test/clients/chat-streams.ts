/** OpenAI's SDK as the judge of streams, in both of its forms: the accumulated completion, and the chunks as they come. */
import OpenAI from 'openai'

export type ChatStreams = {
  /** Returns the text of the whole answer. @throws what the SDK throws */
  readonly accumulated: (question: string) => Promise<{ readonly text: string; readonly finish: string }>
  /** Returns the text that the chunks hold and how many finish reasons they have. @throws what the SDK throws */
  readonly raw: (question: string) => Promise<{ readonly text: string; readonly finishes: number }>
  readonly isApiError: (error: unknown) => boolean
}

/** Returns the two forms over the router at `url`, without retries of the SDK's own. */
export function createChatStreams(url: string): ChatStreams {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
  const params = (question: string) => ({
    model: 'auto',
    max_completion_tokens: 64,
    messages: [{ role: 'user' as const, content: question }],
  })
  return {
    async accumulated(question) {
      const completion = await client.chat.completions.stream(params(question)).finalChatCompletion()
      const choice = completion.choices[0]
      return { text: choice?.message.content ?? '', finish: choice?.finish_reason ?? '' }
    },
    async raw(question) {
      let text = ''
      let finishes = 0
      for await (const chunk of await client.chat.completions.create({ ...params(question), stream: true })) {
        text += chunk.choices[0]?.delta.content ?? ''
        if (chunk.choices[0]?.finish_reason) finishes++
      }
      return { text, finishes }
    },
    isApiError: (error) => error instanceof OpenAI.OpenAIError,
  }
}
