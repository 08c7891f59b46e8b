/** What the operator's LOCAL_TASKS leaves of a model's card. */
import { expect, test } from 'vitest'
import { effectiveCard } from '../../../edge/routing/trust.ts'
import { uniformTrust } from '../../../shared/model-card.ts'
import { SIMPLE_TASKS } from '../../../shared/tasks.ts'

const card = {
  trust: { ...uniformTrust('none'), simple_chat: 'set_phrases', classification: 'full' },
  languages: ['en'],
  maxTemperature: 0.3,
  exam: 'x',
} as const

test('leaves the card as it is where the operator names nothing', () => {
  expect(effectiveCard(card, 'auto')).toEqual(card)
})

test('changes nothing where the operator names what the card says anyway', () => {
  expect(effectiveCard(card, ['simple_chat', 'classification'])).toEqual(card)
})

test('asks for named tasks only', () => {
  expect(effectiveCard(card, ['classification']).trust).toEqual({
    ...uniformTrust('none'),
    classification: 'full',
  })
})

test('believes the operator of a task that the card leaves out, and keeps its languages', () => {
  const own = effectiveCard(card, ['simple_chat', 'summarization'])
  expect(own.trust).toEqual({ ...uniformTrust('none'), simple_chat: 'set_phrases', summarization: 'full' })
  expect(own.languages).toEqual(['en'])
})

test('trusts with everything where all tasks are named, languages included', () => {
  expect(effectiveCard(card, SIMPLE_TASKS)).toMatchObject({ trust: uniformTrust('full'), languages: null })
})

test('trusts a server that says nothing of its model with every simple task', () => {
  expect(effectiveCard(undefined, 'auto')).toMatchObject({ trust: uniformTrust('full'), languages: null })
  expect(effectiveCard(undefined, ['simple_qa']).trust).toEqual({
    ...uniformTrust('none'),
    simple_qa: 'full',
  })
})
