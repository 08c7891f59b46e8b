/**
 * What all contenders are asked. Questions of an exact length whose answers never end by themselves, for speed; everyday
 * ones, for whether the answers are the same.
 */

import type { Turn } from '../../inference/engine/engine.ts'
import type { EncodePrompt } from '../../inference/engine/text/prompt.ts'
import type { Question } from './contender.ts'

/** Each is one token after a space, in this model's vocabulary and in most. */
const WORDS = (
  'time year people way day man thing woman life child world school state family student group country problem hand ' +
  'part place case week company system program question work government number night point home water room mother ' +
  'area money story fact month lot right study book eye job word business issue side kind head friend father power ' +
  'hour game line end member law car city community name president team'
).split(' ')

const ATTEMPTS = 5

const EVERYDAY = [
  'Hello! How are you today?',
  'Thanks a lot, you have been very helpful.',
  'Tell me a little about yourself and what you like to do.',
  'Summarize: The town council voted to close the old ferry crossing after 120 years, citing rising costs and falling passenger numbers. The last ferry will run on 30 June, and a bus will replace it.',
  'Is this review positive or negative? "The soup was cold and nobody said sorry."',
  'What is the capital of France?',
  'Good night, see you tomorrow!',
  'Which language is this: "Guten Morgen, wie geht es dir?"',
  'Tell me a joke about a cat.',
  'How many days does a week have?',
]

/** Returns the everyday questions. */
export function everydayQuestions(encode: EncodePrompt): readonly Question[] {
  return EVERYDAY.map((text) => toQuestion(encode, [{ role: 'user', text }]))
}

/**
 * Returns a question whose answer has begun by three words in turn, which any model goes on with until it is stopped.
 * @param tokens its length for the model, template included
 * @param index another index, another question (of 68): nothing that was computed for one helps with the next
 * @throws {Error} where no such question has that length
 */
export function endlessQuestion(encode: EncodePrompt, tokens: number, index: number): Question {
  const words = [0, 1, 2].map((place) => WORDS[(index + place * 17) % WORDS.length] ?? '')
  const turns = (count: number): Turn[] => [
    { role: 'user', text: 'Go on:' },
    { role: 'assistant', text: Array.from({ length: count }, (_, word) => words[word % 3]).join(' ') },
  ]
  // Nearly always a word is a token: what is missing after one word is the number of the others.
  let count = 1
  for (let attempt = 0; attempt < ATTEMPTS && count > 0; attempt++) {
    const question = toQuestion(encode, turns(count))
    if (question.ids.length === tokens) return question
    count += tokens - question.ids.length
  }
  throw new Error(`There is no question of ${tokens} tokens in this model's template.`)
}

function toQuestion(encode: EncodePrompt, turns: readonly Turn[]): Question {
  return { turns, ids: encode({ turns }).map(Number) }
}
