/**
 * A question and its answers, side by side where there are two, and the buttons that ask the other side as well.
 */
import type { Side } from '../../playground/ask-options.ts'
import { type Answer, otherSides, type Turn } from '../../playground/conversation.ts'
import { AnswerCard } from './answer-card.tsx'

type TurnProperties = {
  readonly turn: Turn
  /** False where Claude has no key here. */
  readonly claudeAvailable: boolean
  readonly onAskToo: (turn: Turn, side: Side) => void
}

/** Renders the turn. */
export function TurnView({ turn, claudeAvailable, onAskToo }: TurnProperties) {
  const sides = otherSides(turn)
  return (
    <li class="turn">
      <div class="question">
        <span class="unseen">You: </span>
        {turn.text}
      </div>
      <div class={`answers ${turn.answers.length > 1 ? 'several' : ''}`}>
        {turn.answers.map((answer: Answer) => (
          <AnswerCard key={answer.id} answer={answer} />
        ))}
      </div>
      {sides.length === 0 ? null : (
        <p class="too">
          {sides.map((side) => (
            <button
              type="button"
              class="small"
              disabled={side === 'claude' && !claudeAvailable}
              onClick={() => onAskToo(turn, side)}
            >
              {side === 'local'
                ? 'Ask the local model the same'
                : `Ask Claude the same${claudeAvailable ? '' : ' (no key)'}`}
            </button>
          ))}
        </p>
      )}
    </li>
  )
}
