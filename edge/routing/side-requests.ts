/**
 * Requests that a chat client makes beside the conversation: titles, tags, follow-up questions, search queries. Nobody
 * reads their answers as an answer, so the cheap model is good enough. Recognised by the shape of the clients' own
 * published prompts (Open WebUI's task templates, LibreChat's title prompts), never by what a conversation is about.
 */

/** Only the beginning is looked at: the conversation itself follows it. */
const LOOKED_AT = 400

const OPEN_WEBUI =
  /^### Task:\s+(?:Generate (?:a concise|1-3 broad tags|a detailed prompt for)|Suggest 3-5 relevant follow-up|Analyze the chat history to determine the necessity of generating search queries|You are an autocompletion system)/
const LIBRECHAT =
  /^(?:Provide|Please generate|Write) a concise\b[^.\n]{0,40}\btitle\b[^.\n]{0,30} (?:for|of) (?:the|this|a) conversation|^Analyze this conversation and provide:\s+1\. The detected language/
/** Open WebUI's choice of a face for spoken answers. */
const EMOJI = /^Your task is to reflect the speaker's likely facial expression through a fitting emoji/

/** Says whether the last turn is such a request. */
export function isSideRequest(lastUserText: string): boolean {
  const beginning = lastUserText.slice(0, LOOKED_AT)
  return OPEN_WEBUI.test(beginning) || LIBRECHAT.test(beginning) || EMOJI.test(beginning)
}
