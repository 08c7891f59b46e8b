/**
 * The API documentation, rendered from the OpenAPI document, which alone knows what there is.
 */
import type { OpenApiDocument } from '../../http/openapi.ts'
import type { Operation } from '../../http/openapi-parts.ts'

/** Renders the page's content; `origin` goes into the example. */
export function DocsPage({
  document,
  origin,
}: {
  readonly document: OpenApiDocument
  readonly origin: string
}) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const curl = `curl ${origin}/v1/messages -H 'content-type: application/json' -H 'x-api-key: YOUR_KEY' \\
  -d '{"model":"auto","max_tokens":100,"messages":[{"role":"user","content":"Hello!"}]}'`
  return (
    <>
      <h1>
        {document.info.title} <small class="soft">{document.info.version}</small>
      </h1>
      <p>{document.info.description}</p>
      <p>
        Credentials: <code>Authorization: Bearer …</code> or <code>x-api-key</code>. The same document for
        machines: <a href="/openapi.json">openapi.json</a>.
      </p>
      <pre tabindex={0}>
        <code>{curl}</code>
      </pre>
      <nav aria-label="Endpoints">
        <ul class="contents">
          {operations.map(({ method, path }) => (
            <li>
              <a class="badge" href={`#${anchor(method, path)}`}>
                {method} {path}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      {operations.map((each) => (
        <Endpoint {...each} />
      ))}
      <h2>Schemas</h2>
      {schemasOf(document.components).map(([name, schema]) => (
        <Details title={name} value={schema} />
      ))}
    </>
  )
}

function Endpoint({
  path,
  method,
  operation,
}: {
  readonly path: string
  readonly method: string
  readonly operation: Operation
}) {
  const parameters = (operation.parameters ?? []).map(readParameter)
  return (
    <section id={anchor(method, path)}>
      <h2>
        <span class="badge">{method}</span> <code>{path}</code>
      </h2>
      <p>
        <strong>{operation.summary}.</strong> {operation.description}
      </p>
      {parameters.length === 0 ? null : (
        <table>
          <tbody>
            {parameters.map(({ name, place, description }) => (
              <tr>
                <td>
                  <code>{name}</code>
                </td>
                <td class="soft">{place}</td>
                <td>{description}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {operation.requestBody === undefined ? null : (
        <Details title="Request body" value={operation.requestBody} />
      )}
      <Details title="Responses" value={operation.responses} />
    </section>
  )
}

function Details({ title, value }: { readonly title: string; readonly value: unknown }) {
  return (
    <details>
      <summary>{title}</summary>
      <pre tabindex={0}>
        <code>{JSON.stringify(value, null, 2)}</code>
      </pre>
    </details>
  )
}

function anchor(method: string, path: string): string {
  return `${method}${path}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
}

function readParameter(parameter: unknown) {
  const read = (name: string) =>
    typeof parameter === 'object' && parameter !== null ? String(Reflect.get(parameter, name) ?? '') : ''
  return { name: read('name'), place: read('in'), description: read('description') }
}

function schemasOf(components: unknown): [string, unknown][] {
  const schemas =
    typeof components === 'object' && components !== null ? Reflect.get(components, 'schemas') : undefined
  return Object.entries(schemas ?? {})
}
