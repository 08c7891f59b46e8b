/**
 * The table of endpoints as OpenAPI describes it. What is said of each operation stands in `openapi.ts`.
 */
import { OPERATIONS, type OpenApiDocument } from './openapi.ts'
import type { Route } from './routes.ts'

/** A parameter is one segment (`:id`) or the rest of the path (`:id{.+}`). */
const PARAMETER = /:(\w+)(?:\{\.\+\})?/g

/** Returns the documented routes in OpenAPI's form. */
export function openApiPaths(routes: readonly Route[]): OpenApiDocument['paths'] {
  const paths: Record<string, OpenApiDocument['paths'][string]> = {}
  for (const { path, method, operation } of routes) {
    if (operation === undefined) continue
    const documented = path.replaceAll(PARAMETER, '{$1}')
    paths[documented] = {
      ...paths[documented],
      [method.toLowerCase()]: { operationId: operation, ...OPERATIONS[operation] },
    }
  }
  return paths
}
