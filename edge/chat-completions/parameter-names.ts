/**
 * Names of parameters in errors about a chat completions request: what the Messages API calls a field, as the client
 * spells it. Does not write errors: openai-error.ts does.
 */
import { type ParameterNames, untranslatedNames } from '../openai/parameter-names.ts'

/** What of a request's translation its parameters' names depend on. */
export type NamedRequest = {
  /** The client's name for the limit of tokens. */
  readonly tokenLimit: string
  /** The client's name for who the user is. */
  readonly user: string
  /** Whether tools came as the older `functions`. */
  readonly legacyFunctions: boolean
  /** For each message of the Messages request, the index of the client's. */
  readonly messageSources: readonly number[]
}

/** Returns the names for one translated request. */
export function createParameterNames(request: NamedRequest): ParameterNames {
  const { tokenLimit, user, legacyFunctions, messageSources } = request
  return (path) => {
    const [field = '', index = '', ...inner] = path.split('.')
    switch (field) {
      case 'max_tokens':
        return tokenLimit
      case 'stop_sequences':
        return index === '' ? 'stop' : `stop[${index}]`
      case 'metadata':
        return user
      case 'system':
        return 'messages'
      case 'output_config':
        return index === 'effort' ? 'reasoning_effort' : 'response_format'
      case 'tool_choice':
        return legacyFunctions ? 'function_call' : 'tool_choice'
      case 'tools':
        return toolName(index, inner, legacyFunctions)
      case 'messages': {
        const source = messageSources[Number(index)]
        if (index === '' || source === undefined) return 'messages'
        // Blocks and parts do not correspond one to one: the message is as near as it gets.
        return `messages[${source}]${inner.length > 0 ? `.${inner[0]}` : ''}`
      }
      default:
        return untranslatedNames(path)
    }
  }
}

function toolName(index: string, inner: readonly string[], legacyFunctions: boolean): string {
  const list = legacyFunctions ? 'functions' : 'tools'
  if (index === '') return list
  const tool = legacyFunctions ? `functions[${index}]` : `tools[${index}].function`
  if (inner.includes('input_schema')) return `${tool}.parameters`
  const field = inner.find((each) => each === 'name' || each === 'description')
  return field === undefined ? tool : `${tool}.${field}`
}
