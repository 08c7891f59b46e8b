/**
 * Names of parameters in errors about a Responses request: what the Messages API calls a field, as the client spells it.
 * Does not write errors: openai-error.ts does.
 */
import { type ParameterNames, untranslatedNames } from '../openai/parameter-names.ts'

/**
 * Returns the names for one translated request.
 * @param sources for each message of the Messages request, the index of the client's item; below 0 for what came before
 * @param user the client's name for who the user is
 */
export function createParameterNames(sources: readonly number[], user: string): ParameterNames {
  return (path) => {
    const [field = '', index = '', ...inner] = path.split('.')
    switch (field) {
      case 'max_tokens':
        return 'max_output_tokens'
      case 'logprobs':
        return 'include[message.output_text.logprobs]'
      case 'metadata':
        return user
      case 'system':
        return 'instructions'
      case 'thinking':
        return 'reasoning'
      case 'output_config':
        return index === 'effort' ? 'reasoning.effort' : 'text.format'
      case 'tools':
        return toolName(index, inner)
      case 'messages': {
        const source = sources[Number(index)]
        if (index === '' || source === undefined) return 'input'
        // Blocks and items do not correspond one to one: the item is as near as it gets.
        return source < 0 ? 'previous_response_id' : `input[${source}]`
      }
      default:
        return untranslatedNames(path)
    }
  }
}

function toolName(index: string, inner: readonly string[]): string {
  if (index === '') return 'tools'
  if (inner.includes('input_schema')) return `tools[${index}].parameters`
  const field = inner.find((each) => each === 'name' || each === 'description')
  return field === undefined ? `tools[${index}]` : `tools[${index}].${field}`
}
