/**
 * What a small model must not be left alone with, however short and friendly the request: named, hand-written checks
 * that no training data outvotes. Pure. A false alarm costs a call to Claude; a miss costs somebody's trust.
 */
import type { Features } from './features.ts'
import { SUMMARY } from './vocabulary.ts'

type Caution = { readonly name: string; readonly applies: (features: Features) => boolean }

/** Health, danger and despair: an answer here must be right. English, where the small models answer. */
const SAFETY =
  /\b(suicid\w*|self[- ]?harm\w*|kill (myself|me|him|her|them|somebody|someone)|end (my life|it all)|(want|going|wish) to die|wanna die|don'?t want to (live|be here)|hurt(s|ing)? (myself|me)|(hit|beat|hits|beats|raped?|abused?|threaten(s|ed)?|stalk(s|ed)?) me|overdos\w*|(too many|some) pills|poison\w*|bleach|ammonia|antifreeze|explosive\w*|bomb|weapon\w*|chest (pain|hurts)|head ?ache|dizzy|numb|heart is racing|stroke|swallow(ed|ing)?|throat|feel (sad|worthless|hopeless|empty|nothing)|worthless|hopeless|depress\w*|lonely|ending it( all)?|can'?t (go on|do this|take it|feel my)|(point|reason) (of|in|to) (living|live|life)|miss me if|(all|it) (to )?stop|cut myself|hurt (someone|somebody|people)|(scared|afraid) of my|hate my(self| life)|haven'?t eaten|home alone|goodbye forever|ill\b|sick|fever|pain|can'?t breathe|bleeding|unconscious|seizure|emergency|ambulance|911|999|112|medic(ine|al|ation)\w*|dos(e|age)|mg\b|ibuprofen|paracetamol|aspirin|tylenol|antibiotic\w*|insulin|pregnan\w*|symptom\w*|diagnos\w*|allerg\w*|drugs?|alcohol|is it (safe|legal|dangerous|ok|okay) to|side effects?|lawsuit|lawyer|sue|legal advice|invest\w*|mortgage)\b/iu

/** Things that only somebody with access to systems can do or know: a small model would say that it has done them. */
const ACTION =
  /\b((my|the) (order|account|password|subscription|refund|invoice|payment|booking|reservation|delivery|package|parcel|ticket|bill|card|credit card|bank|email|login|profile|data|appointment|flight|membership)|order (number|no\.?|#)|#\d{3,}|(book|cancel|delete|reset|refund|order|buy|send|schedule|reserve|transfer|unsubscribe|remind|call|email|text|play|turn (on|off)|set (an?|the|my)|add .{1,30} to (my|the)) (me|my|a|an|the|it|to|up|off|on)\b|opening (hours|times)|are you open|price of|how much (is|does) (it|your|the))\b/iu

const TRANSLATION =
  /\b(translat\w+|how do (you|i) say|in (french|german|spanish|italian|portuguese|dutch|polish|russian|chinese|japanese|korean|arabic|hindi|turkish|latin))\b/iu

/** A bare instruction to go on with something that is not there, or that is too hard to see. */
const CONTINUATION =
  /^\W*((ok(ay)?|yes|now|please|and)\W+)*(continue|go on|try again|do (it|that|the same)|again|more|keep going|next|proceed|redo)\b/iu

/** Forms and languages that the operator's system prompt demands: a small model does not keep them. */
const DEMANDED_FORM =
  /\b(json|xml|yaml|csv|markdown|html|schema)\b|\b(respond|reply|answer|write|speak|talk|output|only)\b[^.\n]{0,30}\b(french|german|spanish|italian|portuguese|dutch|polish|russian|chinese|japanese|korean|arabic|hindi|turkish|latin|swedish|greek)\b/iu

/** A bare yes or no; to an assistant that has just asked, it may set things going. */
const CONSENT =
  /^\W*(?:(?:thanks|thank you|please|oh)\W+)*(?:yes|yeah|yep|ok|okay|sure|no|nope|great|perfect|sounds good|go ahead|do it|fine|cool|proceed|correct|right|agreed)(?:\W+(?:thanks|thank you|please|yes|ok|sure|perfect|sounds good|go ahead|do it))*\W*$/iu
const ENDS_WITH_QUESTION = /\?\s*$/u
const SUMMARY_INSTRUCTION = /^[^:\n]{0,80}[:\n]/u

const CAUTIONS: readonly Caution[] = [
  {
    name: 'safety',
    // Despair is not over because the next message is polite.
    applies: ({ lastUserText, earlierText }) => SAFETY.test(asked(lastUserText)) || SAFETY.test(earlierText),
  },
  { name: 'action', applies: ({ lastUserText }) => ACTION.test(asked(lastUserText)) },
  { name: 'translation', applies: ({ lastUserText }) => TRANSLATION.test(asked(lastUserText)) },
  {
    name: 'continuation',
    applies: ({ lastUserText }) => lastUserText.length < SHORT && CONTINUATION.test(lastUserText),
  },
  {
    name: 'consent',
    applies: ({ lastUserText, earlierText }) =>
      lastUserText.length < SHORT && ENDS_WITH_QUESTION.test(earlierText) && CONSENT.test(lastUserText),
  },
  { name: 'demanded form', applies: ({ systemText }) => DEMANDED_FORM.test(systemText) },
]

/** Beyond this, words like these are the matter of a text to be summarised or labelled, not the request. */
const LONG_MATTER = 300
const SHORT = 60

/** Returns the name of the first caution that applies, or undefined. */
export function findCaution(features: Features): string | undefined {
  return CAUTIONS.find((caution) => caution.applies(features))?.name
}

/** What is asked, without the text that it is asked about: that may speak of anything. */
function asked(text: string): string {
  const instruction = SUMMARY_INSTRUCTION.exec(text)?.[0]
  if (instruction !== undefined && SUMMARY.test(instruction)) return instruction
  return text.length > LONG_MATTER ? '' : text
}
