/**
 * Asks one address over so many connections that are kept, each with its next request as soon as the one before is answered.
 * Every answer is looked at: one that is not what it must be ends the bench. Measures no processor time.
 */
import { Agent, request } from 'node:http'

export type Load = {
  readonly port: number
  readonly connections: number
  readonly requests: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: () => string
  /** Headers that every answer must have. */
  readonly expected: Readonly<Record<string, string>>
}

export type Times = {
  /** Of each request, to the first byte of its answer's body, ms. */
  readonly firstByteMs: readonly number[]
  /** To the last one. */
  readonly wholeMs: readonly number[]
}

/** Sends all of them. @throws if one is not answered with 200 and the expected headers */
export async function drive({ connections, requests, ...load }: Load): Promise<Times> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const firstByteMs: number[] = []
  const wholeMs: number[] = []
  let left = requests
  const connection = async () => {
    while (left > 0) {
      left -= 1
      const { first, whole } = await ask(agent, load)
      firstByteMs.push(first)
      wholeMs.push(whole)
    }
  }
  try {
    await Promise.all(Array.from({ length: connections }, connection))
  } finally {
    agent.destroy()
  }
  return { firstByteMs, wholeMs }
}

function ask(
  agent: Agent,
  { port, headers, body, expected }: Pick<Load, 'port' | 'headers' | 'body' | 'expected'>,
): Promise<{ readonly first: number; readonly whole: number }> {
  const text = body()
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    const sent = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        path: '/v1/messages',
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
          'anthropic-version': '2023-06-01',
          ...headers,
        },
      },
      (response) => {
        let first: number | undefined
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => {
          first ??= performance.now() - begun
          parts.push(part)
        })
        response.on('error', reject)
        response.on('end', () => {
          const whole = performance.now() - begun
          const wrong = Object.entries(expected).find(([name, value]) => response.headers[name] !== value)
          if (response.statusCode === 200 && wrong === undefined)
            return resolve({ first: first ?? whole, whole })
          const found = wrong === undefined ? '' : `, ${wrong[0]}: ${response.headers[wrong[0]]}`
          const said = Buffer.concat(parts).toString('utf8', 0, 500)
          reject(new Error(`The answer is not what was expected (${response.statusCode}${found}): ${said}`))
        })
      },
    )
    sent.on('error', reject)
    sent.end(text)
  })
}
