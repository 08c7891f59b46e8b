/**
 * What every client library can do, behind one interface, so that one list of tests holds for all of them. The
 * adapters beside this file use each library as its users do; nothing here knows the router.
 */

/** An answer as the library reports it; finish reasons are in the library's own words. */
export type LibraryAnswer = {
  readonly text: string
  readonly finish: string | undefined
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
  /** The model that the library says answered, where it says so. */
  readonly model: string | undefined
}

export type StreamedAnswer = LibraryAnswer & { readonly pieces: readonly string[] }

export type ToolTurn = {
  /** The arguments with which the model called the tool. */
  readonly input: unknown
  readonly text: string
}

export type Question = { readonly prompt: string; readonly maxTokens?: number }
export type StreamedQuestion = Question & {
  readonly signal?: AbortSignal
  readonly onText?: (text: string) => void
}

/** One program that uses the library, set up for one address and key. */
export type LibraryClient = {
  readonly ask: (question: Question) => Promise<LibraryAnswer>
  readonly stream: (question: StreamedQuestion) => Promise<StreamedAnswer>
  /** Offers the tool `get_weather`, which answers "7 degrees", and asks until the model has finished. */
  readonly useTool: (prompt: string) => Promise<ToolTurn>
}

export type Connection = {
  /** The router's address, without a path. */
  readonly url: string
  readonly apiKey: string
}

export type Library = {
  readonly name: string
  readonly dialect: 'messages' | 'chat completions' | 'responses'
  /** What users append to an address for this library; the first is the library's usual form. */
  readonly basePaths: readonly string[]
  /** `basePath` is one of `basePaths`. */
  readonly connect: (connection: Connection, basePath?: string) => LibraryClient
  /** The library's words for a completed answer and for one that was cut at the limit; undefined where it throws that. */
  readonly finishes: { readonly complete: string; readonly cut: string | undefined }
  /** What the library tells of an error that the server sent. */
  readonly readError: (error: unknown) => { readonly status: number | undefined; readonly message: string }
}

export const WEATHER_TOOL = {
  name: 'get_weather',
  description: 'Returns the weather of a city.',
  parameters: {
    type: 'object' as const,
    properties: { city: { type: 'string' } },
    required: ['city'],
  },
}

export const WEATHER = '7 degrees'

/** Reads `status` and `message` of an SDK's error; the AI SDK calls the first `statusCode`. */
export function readSdkError(error: unknown): { status: number | undefined; message: string } {
  const read = (name: string) =>
    typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
  const status = read('status') ?? read('statusCode')
  return {
    status: typeof status === 'number' ? status : undefined,
    message: error instanceof Error ? error.message : String(error),
  }
}
