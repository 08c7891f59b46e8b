/**
 * By what a conversation is known again one turn later: the caller, and the bytes that Claude's prompt cache is known by too,
 * without the marks in them, which move on with each turn. Answers are left out: clients send them back trimmed, without
 * thoughts or in another form. Keeps nothing.
 */
import { sha256Hex } from '../../../shared/digest.ts'
import type { MessageParam, MessagesRequest } from '../../../shared/messages.ts'
import type { Tenant } from '../../tenants.ts'

export type ConversationTurn = { readonly tenant: Tenant; readonly view: MessagesRequest }

/** Returns the key under which this turn leaves what the next one finds: SHA-256, hexadecimal. */
export function keyAfter(turn: ConversationTurn): Promise<string> {
  return keyOf(turn, turn.view.messages)
}

/** Returns the key under which the turn before left it, or undefined in a first turn. */
export async function keyBefore(turn: ConversationTurn): Promise<string | undefined> {
  const { messages } = turn.view
  // Behind the last turn there may be the beginning of its answer.
  const lastTurn = messages.findLastIndex(isAsked)
  const lastAnswer = messages.findLastIndex((message, at) => at < lastTurn && !isAsked(message))
  return lastAnswer === -1 ? undefined : keyOf(turn, messages.slice(0, lastAnswer))
}

function keyOf({ tenant, view }: ConversationTurn, messages: readonly MessageParam[]): Promise<string> {
  const caller = [tenant.admin ? 'admin' : 'tenant', tenant.id]
  const asked = messages.filter(isAsked).map(({ role, content }) => [role, blocksOf(content)])
  const parts = [caller, view.tools ?? [], blocksOf(view.system), asked]
  return sha256Hex(JSON.stringify(parts, (name, value) => (name === 'cache_control' ? undefined : value)))
}

function isAsked({ role }: MessageParam): boolean {
  return role !== 'assistant'
}

/** A text and one block of that text are the same to Claude; clients turn one into the other to set a mark. */
function blocksOf(content: MessagesRequest['system']): readonly unknown[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? [])
}
