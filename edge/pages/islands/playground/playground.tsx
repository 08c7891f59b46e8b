/**
 * The playground: a chat with the router that shows its decisions. Puts the parts together; each stands in its own file.
 */
import { useEffect, useMemo, useRef, useState } from 'hono/jsx/dom'
import {
  type AskOptions,
  type AskRequest,
  createAskRequest,
  type Side,
  USUAL_OPTIONS,
} from '../../playground/ask-options.ts'
import { messagesFor, type Turn } from '../../playground/conversation.ts'
import { createRouterClient, type RouterStatus } from '../../playground/router-client.ts'
import { Composer } from './composer.tsx'
import { KeyField, storedKey, storeKey } from './key-field.tsx'
import { OptionsPanel } from './options-panel.tsx'
import { TurnView } from './turn-view.tsx'
import { useChat } from './use-chat.ts'
import { useStatus } from './use-status.ts'
import { useVerdict } from './use-verdict.ts'
import { ShortVerdict, VerdictPanel } from './verdict-panel.tsx'
import { Examples, StatusLine, WithoutClaude } from './welcome.tsx'

/** Renders everything. */
export function Playground() {
  const [key, setKey] = useState(storedKey)
  const [wantsKey, setWantsKey] = useState(key !== '')
  const [text, setText] = useState('')
  const [options, setOptions] = useState<AskOptions>(USUAL_OPTIONS)
  const [sent, setSent] = useState<AskRequest | undefined>(undefined)
  const keyNow = useRef(key)
  keyNow.current = key
  const client = useMemo(
    () =>
      createRouterClient(
        (...request) => fetch(...request),
        () => keyNow.current ?? '',
      ),
    [],
  )
  const status = useStatus(client, key)
  const unauthorized = status?.ok === false && status.error.status === 401
  const claudeAvailable = status?.ok !== true || status.value.claude.available
  const chat = useChat(client, () => setWantsKey(true))
  const written = text.trim()
  const next =
    written === '' || (unauthorized && key === '')
      ? undefined
      : createAskRequest(options, messagesFor(chat.turns, Number.NaN, written))
  // What was just sent keeps its verdict, also where it was sent before there was one.
  const verdict = useVerdict(client, next ?? sent, key)

  const send = () => {
    if (written === '' || chat.running) return
    chat.ask(written, options)
    setSent(next)
    setText('')
  }
  const askToo = (turn: Turn, side: Side) => chat.ask(turn.text, options, turn, side)
  useStopOnEscape(chat.stop)
  const end = useScrollAlong(chat.turns)

  const keyField = (
    <KeyField
      value={key}
      refused={unauthorized && key !== ''}
      onKey={(changed) => {
        storeKey(changed)
        setKey(changed)
        setWantsKey(true)
      }}
    />
  )

  return (
    <div class="playground-grid">
      <section class="chat" aria-label="Chat">
        <div class="chat-head">
          <h1>Playground</h1>
          <StatusLine status={status} />
          {chat.turns.length === 0 ? null : (
            <button type="button" class="quiet small" onClick={chat.clear}>
              New chat
            </button>
          )}
        </div>
        {unauthorized ? keyField : null}
        {chat.turns.length === 0 ? (
          <div class="welcome">
            <WithoutClaude status={status} />
            <Examples onChoose={setText} />
          </div>
        ) : (
          <ol class="turns">
            {chat.turns.map((turn) => (
              <TurnView key={turn.id} turn={turn} claudeAvailable={claudeAvailable} onAskToo={askToo} />
            ))}
          </ol>
        )}
        <div ref={end} />
        <Composer
          text={text}
          running={chat.running}
          verdict={<ShortVerdict verdict={verdict} />}
          onText={setText}
          onSend={send}
          onStop={chat.stop}
        />
      </section>
      <aside aria-label="Decision and options">
        {!unauthorized && wantsKey ? keyField : null}
        <VerdictPanel verdict={verdict} claudeAvailable={claudeAvailable} />
        <OptionsPanel
          options={options}
          models={modelNames(status?.ok === true ? status.value : undefined)}
          onOptions={setOptions}
        />
      </aside>
    </div>
  )
}

function modelNames(status: RouterStatus | undefined): readonly string[] {
  const claude = status === undefined ? [] : [status.claude.model, status.claude.simpleModel]
  return ['auto', 'local', ...claude]
}

function useStopOnEscape(stop: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') stop()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

/** Keeps the end in sight while text comes, unless the visitor has scrolled away from it. */
function useScrollAlong(turns: readonly Turn[]) {
  const end = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const { scrollHeight, scrollTop, clientHeight } = document.documentElement
    const near = scrollHeight - scrollTop - clientHeight < NEAR_END_PX
    if (turns.length > 0 && near) window.scrollTo({ top: scrollHeight })
  }, [turns])
  return end
}

const NEAR_END_PX = 240
