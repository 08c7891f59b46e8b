/** What the checks of an exam's item say of answers. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readShippedClassifier } from '../../../llm/shipped-classifier.ts'
import { createLanguageCheck } from '../../../training/exam/answer-language.ts'
import { failedChecks } from '../../../training/exam/checks.ts'
import type { ExamCheck, ExamItem } from '../../../training/exam/exam-item.ts'

const isInLanguage = createLanguageCheck(readShippedClassifier())

/** Says whether an answer passes one check, the request being `said`. */
function passes(check: ExamCheck, answer: string, said: Partial<ExamItem> & { text?: string } = {}): boolean {
  const item: ExamItem = {
    id: 'ex-0',
    kind: 'small_talk',
    task: 'simple_chat',
    language: 'en',
    system: null,
    messages: [{ role: 'user', content: said.text ?? 'Hello!' }],
    checks: [check],
    ...said,
  }
  return failedChecks(item, { declined: false, text: answer }, isInLanguage).length === 0
}

const word = fc.stringMatching(/^[a-zäé]{1,8}$/)
const words = fc.array(word, { minLength: 1, maxLength: 12 })

describe('one_of', () => {
  const check: ExamCheck = { is: 'one_of', values: ['Positive', 'Not urgent'] }

  test('takes the whole answer, whatever its case, quotes, final full stop and white space', () => {
    const frame = fc.constantFrom(['', ''], ['"', '"'], ['“', '”'], ["'", "'."], ['"', '."'], ['\n ', '. '])
    const cased = fc.constantFrom('positive', 'POSITIVE', 'Positive', 'not Urgent')
    fc.assert(
      fc.property(cased, frame, (value, [before, after]) => {
        expect(passes(check, `${before}${value}${after}`)).toBe(true)
      }),
    )
  })

  test('takes nothing around it', () => {
    fc.assert(
      fc.property(words, (others) => {
        expect(passes(check, `Positive ${others.join(' ')}`)).toBe(false)
      }),
    )
    expect(passes(check, 'positive?')).toBe(false)
    expect(passes(check, 'Not-urgent')).toBe(false)
  })
})

describe('contains, contains_all, lacks', () => {
  test('agree with each other on any text', () => {
    fc.assert(
      fc.property(words, words, (text, values) => {
        const answer = text.join(' ')
        const found = values.map((value) => passes({ is: 'contains', any: [value] }, answer))
        expect(passes({ is: 'contains', any: values }, answer)).toBe(found.includes(true))
        expect(passes({ is: 'lacks', values }, answer)).toBe(!found.includes(true))
        expect(passes({ is: 'contains_all', values }, answer)).toBe(!found.includes(false))
      }),
    )
  })

  test('find words wherever they stand, in any case, and no parts of words', () => {
    const mark = fc.constantFrom('.', ', ', '!', '"', '(', ')', '\n', ' – ', '?')
    fc.assert(
      fc.property(word, word, mark, mark, (value, other, before, after) => {
        const answer = `${other}${before}${value.toUpperCase()}${after}${other}`
        expect(passes({ is: 'contains', any: [value] }, answer)).toBe(true)
        expect(passes({ is: 'contains', any: [value] }, `x${value}x`)).toBe(false)
      }),
    )
  })

  test('take typographic quotes and spaces for plain ones', () => {
    expect(passes({ is: 'contains', any: ["can't  know"] }, 'I can’t\nknow that.')).toBe(true)
  })

  test('take a number as a whole', () => {
    const holds = (value: string, answer: string) => passes({ is: 'contains', any: [value] }, answer)
    expect(holds('10', 'It costs 10.')).toBe(true)
    expect(holds('10', 'It costs 10.50.')).toBe(false)
    expect(holds('50', 'It costs 10.50.')).toBe(false)
    expect(holds('10', 'It costs 110.')).toBe(false)
    expect(holds('10', 'From 10, or later')).toBe(true)
    expect(holds('€10', 'It costs €10.')).toBe(true)
  })

  test('know no borders of words in scripts that put no spaces', () => {
    expect(passes({ is: 'contains', any: ['富士山'] }, '日本でいちばん高い山は富士山です。')).toBe(true)
    expect(passes({ is: 'contains', any: ['서울'] }, '서울은 수도입니다.')).toBe(true)
  })
})

describe('copied', () => {
  const mail =
    'hi ottoline, thanks for the quote of £2,850. I would pay 2.500 at 10:40 on thurs, ask Kwabena Boateng. 9 boxes, ISBN 0077'
  const copied = (answer: string, language = 'en') =>
    passes({ is: 'copied' }, answer, { text: mail, language, system: 'You work for Brindley.' })

  test('takes numbers and names of the messages, in whatever form', () => {
    expect(copied('Kwabena asks Ottoline, not Brindley, to come down from £2850 to 2,500.')).toBe(true)
    expect(copied('On Thursday at 10.40 the 9 boxes come, and Mr. Boateng pays; I agree.')).toBe(true)
    expect(copied('Nothing is new at 9:00, number 77.')).toBe(true)
  })

  test('finds numbers and names that stand nowhere', () => {
    expect(copied('He pays 2,580.')).toBe(false)
    expect(copied('He asks Ngozi.')).toBe(false)
    expect(copied('They meet on Friday.')).toBe(false)
    expect(copied('It was Mr. Smith who asked.')).toBe(false)
    expect(copied('Nina Okafor asks.')).toBe(false)
  })

  test('says nothing of the first word of a sentence, nor of nouns in German', () => {
    expect(copied('Payment is due. Please ask Ottoline.')).toBe(true)
    expect(copied('Kwabena hat ein Angebot gemacht.', 'de')).toBe(true)
    expect(copied('Kwabena hat 3 Angebote gemacht.', 'de')).toBe(false)
  })

  test('passes whatever repeats the messages', () => {
    const token = fc.oneof(
      word,
      word.map((text) => text.charAt(0).toUpperCase() + text.slice(1)),
      fc.nat(99_999).map(String),
    )
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 20 }), (tokens) => {
        const text = tokens.join(' ')
        expect(passes({ is: 'copied' }, text, { text })).toBe(true)
      }),
    )
  })
})

describe('at_most_words, at_most_sentences', () => {
  test('count words', () => {
    fc.assert(
      fc.property(words, (text) => {
        const answer = `${text.join(', ')}!`
        expect(passes({ is: 'at_most_words', words: text.length }, answer)).toBe(true)
        if (text.length > 1)
          expect(passes({ is: 'at_most_words', words: text.length - 1 }, answer)).toBe(false)
      }),
    )
    expect(passes({ is: 'at_most_words', words: 3 }, "I can't say.")).toBe(true)
    expect(passes({ is: 'at_most_words', words: 2 }, '日本でいちばん高い山は富士山です。')).toBe(false)
  })

  test('count sentences, and none at an abbreviation', () => {
    const count = (sentences: number, answer: string) =>
      passes({ is: 'at_most_sentences', sentences }, answer)
    expect(count(1, 'Mr. Farrant comes at 9.30 a.m. on Monday.')).toBe(true)
    expect(count(1, 'He comes. She goes.')).toBe(false)
    expect(count(2, 'He comes. She goes! :)')).toBe(true)
    expect(count(1, '今日は晴れです。明日は雨です。')).toBe(false)
  })
})

describe('language', () => {
  const inLanguage = (language: string, answer: string) => passes({ is: 'language', language }, answer)

  test('is told by words', () => {
    expect(inLanguage('de', 'Guten Morgen! Wie kann ich dir heute helfen?')).toBe(true)
    expect(inLanguage('de', 'Good morning! How can I help you today?')).toBe(false)
    expect(inLanguage('en', 'Good morning! How can I help you today?')).toBe(true)
    expect(inLanguage('fr', 'Bonjour ! Comment puis-je vous aider aujourd’hui ?')).toBe(true)
  })

  test('is told by script', () => {
    const texts = {
      ja: '日本でいちばん高い山は富士山です。',
      zh: '日本最高的山是富士山,海拔三千多米。',
      ko: '안녕하세요, 오늘 기분이 어떠세요?',
      ru: 'Доброе утро, чем могу помочь?',
      ar: 'صباح الخير، كيف يمكنني مساعدتك اليوم؟',
      hi: 'नमस्ते, मैं आपकी क्या मदद कर सकता हूँ?',
    }
    for (const [spoken, text] of Object.entries(texts))
      for (const language of Object.keys(texts))
        if (!(language === 'ja' && spoken === 'zh'))
          expect(inLanguage(language, text), `${text} in ${language}`).toBe(spoken === language)
  })

  test('is nothing that one or two words have', () => {
    expect(inLanguage('de', 'Ottoline Okafor')).toBe(true)
    expect(inLanguage('ja', '42')).toBe(true)
  })
})

describe('in_order', () => {
  test('holds where the first mention of each follows the one before', () => {
    const names = fc.uniqueArray(word, { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(names, (values) => {
        expect(passes({ is: 'in_order', values }, values.join(' tells '))).toBe(true)
        expect(passes({ is: 'in_order', values }, values.toReversed().join(' tells '))).toBe(false)
        expect(passes({ is: 'in_order', values }, values.slice(1).join(' tells '))).toBe(false)
      }),
    )
    expect(passes({ is: 'in_order', values: ['Ana', 'Ben'] }, 'Ben says that Ana pays Ben.')).toBe(false)
  })
})

describe('json', () => {
  test('holds where the answer parses to the same members, in any order', () => {
    const members = fc.dictionary(
      word,
      fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
      {
        noNullPrototype: true,
      },
    )
    fc.assert(
      fc.property(members, (value) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed())
        expect(passes({ is: 'json', members: value }, ` ${JSON.stringify(turned, null, 2)}\n`)).toBe(true)
        expect(passes({ is: 'json', members: { ...value, one: 'more' } }, JSON.stringify(value))).toBe(false)
      }),
    )
    expect(passes({ is: 'json', members: { a: 1 } }, '```json\n{"a":1}\n```')).toBe(false)
    expect(passes({ is: 'json', members: { a: 1 } }, '{"a":"1"}')).toBe(false)
  })
})

describe('hands_over', () => {
  const item: ExamItem = {
    id: 'ex-0',
    kind: 'cannot_know',
    task: 'simple_qa',
    language: 'en',
    system: null,
    messages: [{ role: 'user', content: 'where are my keys' }],
    checks: [{ is: 'hands_over' }, { is: 'contains', any: ["can't"] }],
  }

  test('takes a model that declines, and one that says so instead', () => {
    expect(failedChecks(item, { declined: true }, isInLanguage)).toEqual([])
    expect(failedChecks(item, { declined: false, text: "I can't see them." }, isInLanguage)).toEqual([])
    expect(failedChecks(item, { declined: false, text: 'On the table.' }, isInLanguage)).toHaveLength(1)
  })

  test('takes no model that declines what it was to answer', () => {
    const answered = { ...item, checks: item.checks.slice(1) }
    expect(failedChecks(answered, { declined: true }, isInLanguage)).toEqual(['declined'])
  })
})

test('an empty answer passes nothing, and every check that fails is named', () => {
  expect(passes({ is: 'lacks', values: ['x'] }, ' \n')).toBe(false)
  const checks: ExamCheck[] = [
    { is: 'one_of', values: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] },
    { is: 'lacks', values: ['meh'] },
  ]
  const item = { checks, messages: [], system: null, language: 'en' }
  const whole: ExamItem = { id: 'x', kind: 'spam', task: 'classification', ...item }
  expect(failedChecks(whole, { declined: false, text: 'Meh.' }, isInLanguage)).toEqual([
    'is none of "a", "b", "c", "d", "e", "f", 2 more',
    'says "meh"',
  ])
})
