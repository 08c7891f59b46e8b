/**
 * Short exchanges of the kind that a local model is kept for. Activations are measured on them (calibrate.ts); nothing is
 * trained on them.
 */
import type { Prompt } from '../../engine.ts'

const EXCHANGES: readonly (readonly [question: string, answer: string])[] = [
  ['Hello!', 'Hello! How can I help you today?'],
  ['hey there, how are you doing?', "I'm doing well, thank you! What can I do for you?"],
  ['Good morning', 'Good morning! I hope your day has started well.'],
  ['Thanks a lot, that was very helpful.', "You're welcome! I'm glad it helped."],
  ['ok bye, see you tomorrow', 'Goodbye! Talk to you tomorrow.'],
  ['Who are you?', 'I am a small assistant. I can chat, label short texts and sum them up.'],
  ['What is the capital of Portugal?', 'Lisbon.'],
  ['How many days are there in a leap year?', 'A leap year has 366 days.'],
  ['Which is larger, the Moon or the Earth?', 'The Earth is larger than the Moon.'],
  ['Name three colours of the rainbow.', 'Red, yellow and blue.'],
  ['What do bees make?', 'Bees make honey and wax.'],
  ['I had a rough day at work.', "I'm sorry to hear that. Do you want to tell me what happened?"],
  ['My dog learned to give a paw today!', 'How lovely! That must have taken some patience.'],
  ['Tell me something nice.', 'You are doing better than you think.'],
  ['Is the sentiment positive or negative? "The soup was cold and the waiter was rude."', 'negative'],
  ['Classify as spam or not spam: "You have WON a free cruise!!! Click to claim."', 'spam'],
  ['Which language is this? "Wo ist der Bahnhof, bitte?"', 'German'],
  ['Label the topic (sports, politics, weather): The keeper saved two penalties in the final.', 'sports'],
  ['Urgent or not urgent: "The server room is flooding, please come at once."', 'urgent'],
  ['Does this mean the same? "He left early." / "He went away before the end." Answer yes or no.', 'yes'],
  ['What is the invoice number? "Please find attached invoice 4471-B, due 3 May."', '4471-B'],
  ['Extract the e-mail address: "Write to anna.berg@example.org for tickets."', 'anna.berg@example.org'],
  ['When does the meeting start? "We meet in room 12 at 9:45 on Tuesday, not 10."', 'At 9:45 on Tuesday.'],
  [
    'Summarize in one sentence: The library on Mill Street closes for repairs from 3 June until the end of August. Books can be returned at the town hall, and the reading club meets in the school.',
    'The library on Mill Street is closed for repairs from 3 June to the end of August.',
  ],
  [
    'Summarize: Dear team, the delivery from Gent is two days late because of the strike. Please tell customers who ordered before Monday, and offer them free shipping on the next order. Lena',
    'The delivery from Gent is two days late because of a strike; customers who ordered before Monday should be told and offered free shipping.',
  ],
  [
    'Sum this up for me: A: Are you coming on Saturday? B: I can only stay until four, my train leaves at five. A: Fine, then we eat at one instead of two.',
    'They meet on Saturday and eat at one, because B must leave at four to catch a train.',
  ],
  [
    'tl;dr: Researchers counted 1,240 puffins on the island this spring, 15 percent more than last year. They credit the ban on fishing near the cliffs, but warn that warm summers may undo the gain.',
    'Puffins on the island rose 15 percent to 1,240 after a fishing ban, though warm summers may undo this.',
  ],
  [
    'Read this and say what the customer wants: "The lamp arrived with a crack. I would like a new one, not my money back."',
    'A replacement for the cracked lamp.',
  ],
  ['Write a short reply to: "Lunch on Friday?"', 'Friday works for me. Shall we say noon?'],
  ['Correct the spelling: "I recieved teh packege yesturday."', 'I received the package yesterday.'],
  ['Translate to French: good night', 'Bonne nuit'],
  ['Count from 1 to 5.', '1, 2, 3, 4, 5'],
]

const SYSTEMS = [
  undefined,
  'You are a friendly shop assistant. Keep answers to one or two sentences.',
  'You label support tickets. Answer with the label only.',
] as const

/** Exchanges with and without a system text, some after an earlier turn. */
export const CALIBRATION_PROMPTS: readonly Prompt[] = EXCHANGES.map(([question, answer], index) => {
  const earlier = index % 4 === 3 ? EXCHANGES[index - 3] : undefined
  return {
    system: SYSTEMS[index % SYSTEMS.length],
    turns: [
      ...(earlier
        ? ([
            { role: 'user', text: earlier[0] },
            { role: 'assistant', text: earlier[1] },
          ] as const)
        : []),
      { role: 'user', text: question },
      { role: 'assistant', text: answer },
    ],
  }
})
