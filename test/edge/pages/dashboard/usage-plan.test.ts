/** What the dashboard asks the usage and receipts APIs under a filter. */
import { expect, test } from 'vitest'
import type { Filter } from '../../../../edge/pages/dashboard/filter.ts'
import { planUsage, receiptsQuery, usageQuery } from '../../../../edge/pages/dashboard/usage-plan.ts'

const month: Filter = { range: '30d', timezone: 'Asia/Kathmandu', conditions: {} }
const period = { from: Date.parse('2026-10-28T10:00Z'), to: Date.parse('2026-11-27T10:00Z') }
const day = { from: Date.parse('2026-11-26T10:00Z'), to: period.to }

test('asks for days or hours, by the length of the period', () => {
  expect(planUsage(month, period).series).toEqual(['day', 'route'])
  expect(planUsage(month, day).series).toEqual(['hour', 'route'])
})

test('groups by each condition, so that rows can be selected by it', () => {
  const plan = planUsage({ ...month, conditions: { model: 'm', task: 'simple_qa', tenant: 'alice' } }, period)
  expect(plan).toEqual({
    series: ['day', 'route', 'model', 'task'],
    values: ['tenant', 'task', 'model'],
    users: undefined,
    ignored: [],
  })
})

test('asks for an end user what is counted of one, and names what is not', () => {
  const plan = planUsage({ ...month, conditions: { user: 'u', route: 'local', outcome: 'failed' } }, day)
  expect(plan).toEqual({
    series: ['day', 'user'],
    values: ['tenant', 'user'],
    users: undefined,
    ignored: ['route', 'outcome'],
  })
})

test('writes queries as the endpoints read them', () => {
  const filter: Filter = { ...month, conditions: { tenant: 'a/b', user: 'u&1', route: 'local' } }
  expect(usageQuery(filter, day, ['hour', 'route'])).toBe(
    'from=2026-11-26T10%3A00%3A00.000Z&to=2026-11-27T10%3A00%3A00.000Z&tenant=a%2Fb&timezone=Asia%2FKathmandu&groupBy=hour%2Croute',
  )
  const list = new URLSearchParams(receiptsQuery(filter, day, { limit: 50, cursor: 'c' }))
  expect(Object.fromEntries(list)).toEqual({
    from: '2026-11-26T10:00:00.000Z',
    to: '2026-11-27T10:00:00.000Z',
    tenant: 'a/b',
    user: 'u&1',
    route: 'local',
    limit: '50',
    cursor: 'c',
  })
})
