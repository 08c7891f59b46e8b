/**
 * What no local model is left alone with, however short and friendly the request: hand-written checks that no training
 * data outvotes. A false alarm costs a call to Claude; a miss is a wrong answer about something dangerous.
 */
import type { Features } from '../features.ts'
import { clip, plain } from '../plain-text.ts'
import type { Guard } from './guard.ts'

/** Health, danger and despair: an answer here must be right. English only so far. */
const SAFETY =
  /\b(suicid\w*|self[- ]?harm\w*|kill(ing)? (myself|me|him|her|them|somebody|someone|my|people)|end (my life|it all)|(want|going|wish) to die|wanna die|don'?t want to (live|be here)|hurt(s|ing)? (myself|me)|(hit|beat|hits|beats|raped?|abused?|threaten(s|ed)?|stalk(s|ed)?) me|overdos\w*|(too many|some) pills|poison\w*|bleach|ammonia|antifreeze|explosive\w*|bomb|weapon\w*|chest (pain|hurts)|head ?ache|dizzy|numb|heart is racing|stroke|swallow(ed|ing)?|throat|feel (sad|worthless|hopeless|empty|nothing)|worthless|hopeless|depress\w*|lonely|ending it( all)?|can'?t (go on|do this|take it|feel my)|(point|reason) (of|in|to) (living|live|life)|miss me if|(all|it) (to )?stop|cut myself|hurt (someone|somebody|people)|(scared|afraid) of my|hate my(self| life)|haven'?t eaten|home alone|goodbye forever|ill|sick|fever|pain|can'?t breathe|bleeding|unconscious|seizure|emergency|ambulance|911|999|112|medic(ine|al|ation)\w*|dos(es?|age)|heart attack|took \d+|\d*mg|ibuprofen|paracetamol|aspirin|tylenols?|antibiotic\w*|insulin|pregnan\w*|symptom\w*|diagnos\w*|allerg\w*|drugs?|alcohol|is it (safe|legal|dangerous|ok|okay) to|side effects?|lawsuit|lawyer|sue (me|you|him|her|us|them|my|the|somebody|someone|over|for)|suing|legal advice|invest\w*|mortgage)\b/

/** Nobody says this to an assistant: it is meant for whoever routes, or makes up turns of a conversation. */
const WORDS_TO_THE_ROUTER =
  /\bx-router-[a-z]|\broute["']?\s{0,2}[:=]\s{0,2}["']?local|\b(?:dear|hey|clever|little|note to the|you are the) (?:[a-z]{1,20} )?(?:router|classifier)\b/
const MADE_UP_TURN =
  /(?:^|\n) {0,3}(?:human|assistant) ?:|<\|(?:im_start|im_end|user|assistant|system)\|>|\[\/?inst\]|<<\/?sys>>|<\/?system>/

/** Things that only somebody with access to systems can do or know: a small model would say that it has done them. */
const ACTION =
  /\b((my|the) (order|account|password|subscription|refund|invoice|payment|booking|reservation|delivery|package|parcel|ticket|bill|card|credit card|bank|email|login|profile|data|appointment|flight|membership)|order (number|no)|(book|cancel|delete|reset|refund|order|buy|send|schedule|reserve|transfer|unsubscribe|remind|call|email|text|play|turn (on|off)|set (an?|the|my)|add .{1,30} to (my|the)) (me|my|a|an|the|it|to|up|off|on)|opening (hours|times)|are you open|price of|how much (is|does) (it|your|the))\b/
/** A number of an order, a ticket, an invoice; not the name of a language. */
const REFERENCE = /(?<!\w)#\s?\d{3,}\b/

const TRANSLATION =
  /\b(translat\w+|how do (you|i) say|in (french|german|spanish|italian|portuguese|dutch|polish|russian|chinese|japanese|korean|arabic|hindi|turkish|latin))\b/

/** A bare instruction to go on with something that is not there, or that is too hard to see. */
const CONTINUATION =
  /^\W*((ok(ay)?|yes|now|please|and)\W+)*(continue|go on|try again|do (it|that|the same)|again|more|keep going|next|proceed|redo)\b/

/** Forms and languages that the operator's system prompt demands: a small model does not keep them. */
const DEMANDED_FORM =
  /\b(json|xml|yaml|csv|markdown|html|schema)\b|\b(respond|reply|answer|write|speak|talk|output|only)\b[^.\n]{0,30}\b(french|german|spanish|italian|portuguese|dutch|polish|russian|chinese|japanese|korean|arabic|hindi|turkish|latin|swedish|greek)\b/

/** A bare yes or no; to an assistant that has just asked, it may set things going. */
const CONSENT =
  /^\W*(?:(?:thanks|thank you|please|oh)\W+)*(?:yes|yeah|yep|ok|okay|sure|no|nope|great|perfect|sounds good|go ahead|do it|fine|cool|proceed|correct|right|agreed)(?:\W+(?:thanks|thank you|please|yes|ok|sure|perfect|sounds good|go ahead|do it))*\W*$/
const ENDS_WITH_QUESTION = /\?\s*$/
const SUMMARY_REQUEST =
  /\b(summar(y|ize|ise|izing|ising)|sum (this |it |that )?up|tl;?dr|in (one|a few|two|a single) sentences?|condense|shorten|key points?|main (idea|point)s?|headline|gist|recap|zusammenfass\w*|resum(en|e|ir|a)|riassum\w+|boil (it|this) down)\b|\brésum|概括|总结|摘要|кратко|резюм/
const SUMMARY_INSTRUCTION = /^[^:\n]{0,80}[:\n]/

const content = (name: string, stops: (features: Features, sensitive: boolean) => boolean): Guard => ({
  name: `guarded: ${name}`,
  kind: 'content',
  stops: ({ features, sensitive }) => stops(features, sensitive),
})

export const CONTENT_GUARDS: readonly Guard[] = [
  // A danger named earlier in the conversation is still there when the next message is a polite one.
  content(
    'safety',
    (features, sensitive) =>
      sensitive || SAFETY.test(asked(features)) || SAFETY.test(plain(features.earlierText)),
  ),
  content('action', (features) => ACTION.test(asked(features)) || REFERENCE.test(asked(features))),
  content('translation', (features) => TRANSLATION.test(asked(features))),
  content(
    'continuation',
    ({ lastUserText }) => lastUserText.length < SHORT && CONTINUATION.test(plain(lastUserText)),
  ),
  content(
    'consent',
    ({ lastUserText, earlierText }) =>
      lastUserText.length < SHORT &&
      ENDS_WITH_QUESTION.test(earlierText) &&
      CONSENT.test(plain(lastUserText)),
  ),
  content('words to the router', ({ lastUserText }) => {
    const text = plain(lastUserText)
    return WORDS_TO_THE_ROUTER.test(text) || MADE_UP_TURN.test(text)
  }),
  content('demanded form', ({ systemText }) => DEMANDED_FORM.test(plain(systemText))),
]

const SHORT = 60
/** Beyond twice this, only how a text begins and ends is the request; in between it is matter, which may speak of anything. */
const INSTRUCTION_CHARACTERS = 150

/** What is asked, in plain text, without the text that it is asked about. */
function asked({ lastUserText, lastUserCharacters }: Features): string {
  const text = plain(lastUserText)
  const instruction = SUMMARY_INSTRUCTION.exec(text)?.[0]
  if (lastUserCharacters <= 2 * INSTRUCTION_CHARACTERS) return text
  if (instruction !== undefined && SUMMARY_REQUEST.test(instruction)) return instruction
  return clip(text, INSTRUCTION_CHARACTERS, INSTRUCTION_CHARACTERS)
}
