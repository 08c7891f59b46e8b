/**
 * A plain client of the edge: requests as text, answers as the exact bytes that came, streams that can be left.
 * Judges nothing.
 */

export type Reply = {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

export type OpenStream = {
  readonly status: number
  readonly headers: Headers
  /** Reads on until the text so far contains `text`, or the end; returns the text so far. */
  readonly readUntil: (text: string) => Promise<string>
  /** Reads to the end; returns all of it. */
  readonly rest: () => Promise<string>
  /** Closes the connection. */
  readonly leave: () => void
}

export type AskOptions = {
  readonly stream?: boolean
  readonly model?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Further fields of the body. */
  readonly fields?: Readonly<Record<string, unknown>>
  readonly path?: string
}

/** What the router calls simple, and what it calls complex. */
export const SIMPLE = 'Hello, good morning!'
export const COMPLEX = 'Refactor this recursive quicksort in Python and prove its worst-case time complexity.'

/** Simple, and the edge is sure of it. */
export const SURELY_SIMPLE = 'What colour is a ripe banana?'
/** Simple, but by itself the edge takes it for complex. */
export const UNSURE_SIMPLE = 'Give me a nickname for my cat.'
/** Complex, and the edge is unsure of it. */
export const UNSURE_COMPLEX = [
  'Break this goal into steps: learn Japanese in a year.',
  'Work through the proof of the pigeonhole principle with me.',
] as const

/** Returns a Messages body. */
export function messagesBody(text: string, { stream, model = 'auto', fields = {} }: AskOptions = {}): string {
  return JSON.stringify({
    model,
    max_tokens: 64,
    ...(stream === undefined ? {} : { stream }),
    messages: [{ role: 'user', content: text }],
    ...fields,
  })
}

export type Client = ReturnType<typeof createClient>

/** Returns a client of the edge at `url`. */
export function createClient(url: string) {
  const post = (body: string | Uint8Array, options: AskOptions, signal?: AbortSignal) =>
    fetch(`${url}${options.path ?? '/v1/messages'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', ...options.headers },
      body,
      ...(signal ? { signal } : {}),
    })
  return {
    /** Sends a body as it is and reads the whole answer. */
    async send(body: string | Uint8Array, options: AskOptions = {}): Promise<Reply> {
      const response = await post(body, options)
      return { status: response.status, headers: response.headers, body: await response.text() }
    },
    /** Asks one question and reads the whole answer. */
    async ask(text: string, options: AskOptions = {}): Promise<Reply> {
      return this.send(messagesBody(text, options), options)
    },
    /** Asks for a stream; settles with its head. */
    async open(text: string, options: AskOptions = {}): Promise<OpenStream> {
      const controller = new AbortController()
      const body = messagesBody(text, { stream: true, ...options })
      const response = await post(body, options, controller.signal)
      return { ...readable(response), leave: () => controller.abort() }
    },
    /** Sends a question whose answer nobody waits for; returns the way to leave. */
    abandon(text: string, options: AskOptions = {}): () => void {
      const controller = new AbortController()
      post(messagesBody(text, options), options, controller.signal).catch(() => {})
      return () => controller.abort()
    },
    async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
      const response = await fetch(`${url}${path}`, { headers })
      return { status: response.status, headers: response.headers, body: await response.text() }
    },
  }
}

/** Returns the names of a stream's events in order; comments are left out. */
export function eventNames(body: string): string[] {
  return [...body.matchAll(/^event: (\w+)$/gm)].map((match) => match[1] ?? '')
}

function readable(response: Response): Omit<OpenStream, 'leave'> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let seen = ''
  const readUntil = async (text: string | undefined) => {
    while (text === undefined || !seen.includes(text)) {
      const next = await reader?.read()
      if (next === undefined || next.done) break
      seen += decoder.decode(next.value, { stream: true })
    }
    return seen
  }
  return {
    status: response.status,
    headers: response.headers,
    readUntil,
    rest: () => readUntil(undefined),
  }
}
