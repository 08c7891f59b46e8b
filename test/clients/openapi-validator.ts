/**
 * The validator of OpenAPI documents, by the standard's own JSON Schema.
 */
import { Validator } from '@seriousme/openapi-schema-validator'

/** Returns a validator for one document. */
export function createOpenApiValidator(): {
  readonly validate: (document: unknown) => Promise<{ readonly valid: boolean; readonly errors?: unknown }>
} {
  const validator = new Validator()
  return {
    async validate(document) {
      if (typeof document !== 'object' || document === null) return { valid: false, errors: 'not an object' }
      return validator.validate({ ...document })
    },
  }
}
