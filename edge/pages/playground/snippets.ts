/**
 * A request as somebody would send it from elsewhere: curl and Anthropic's SDKs. The key is never in it.
 */
import type { AskRequest } from './ask-options.ts'

export type Snippet = { readonly name: string; readonly text: string }

/** Returns the snippets. @param origin the router's address, such as `http://127.0.0.1:8787` */
export function createSnippets(request: AskRequest, origin: string): readonly Snippet[] {
  return [
    { name: 'curl', text: curl(request, origin) },
    { name: 'TypeScript', text: typeScript(request, origin) },
    { name: 'Python', text: python(request, origin) },
  ]
}

function curl({ body, headers }: AskRequest, origin: string): string {
  const lines = Object.entries({
    'content-type': 'application/json',
    'x-api-key': 'YOUR_KEY',
    ...headers,
  }).map(([name, value]) => `  -H ${shellQuoted(`${name}: ${value}`)} \\`)
  return [
    `curl -N ${shellQuoted(`${origin}/v1/messages`)} \\`,
    ...lines,
    `  -d ${shellQuoted(JSON.stringify(body))}`,
  ].join('\n')
}

function typeScript({ body, headers }: AskRequest, origin: string): string {
  const { stream: _, ...rest } = body
  const options = Object.keys(headers).length === 0 ? '' : `, {\n  headers: ${script(headers, 1)},\n}`
  return `import Anthropic from '@anthropic-ai/sdk'

const client = new Anthropic({ baseURL: ${JSON.stringify(origin)}, apiKey: 'YOUR_KEY' })
const stream = client.messages.stream(${script(rest, 0)}${options})
stream.on('text', (text) => process.stdout.write(text))
const { model, usage } = await stream.finalMessage()
console.log(model, usage)`
}

function python({ body, headers }: AskRequest, origin: string): string {
  const { stream: _, ...rest } = body
  const named = Object.entries({
    ...rest,
    ...(Object.keys(headers).length === 0 ? {} : { extra_headers: headers }),
  })
  return `import anthropic

client = anthropic.Anthropic(base_url=${JSON.stringify(origin)}, api_key="YOUR_KEY")
with client.messages.stream(
${named.map(([name, value]) => `    ${name}=${indented(JSON.stringify(value, null, 4), 4)},\n`).join('')}) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
    message = stream.get_final_message()
print(message.model, message.usage)`
}

/** Between single quotes a shell reads everything as it is, save a single quote. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** JSON is JavaScript; field names that need no quotes are left without. */
function script(value: unknown, depth: number): string {
  return indented(JSON.stringify(value, null, 2).replaceAll(/^( *)"(\w+)":/gm, '$1$2:'), depth * 2)
}

/** No line break is inside a string of JSON: each one is between fields. */
function indented(json: string, spaces: number): string {
  return json.replaceAll('\n', `\n${' '.repeat(spaces)}`)
}
