import { expect, test } from 'vitest'
import { workerConfig } from '../../../bench/edge/worker-config.ts'

const START = {
  modules: [
    { name: 'index.js', kind: 'esModule' },
    { name: 'weights.bin', kind: 'data' },
  ],
  compatibilityDate: '2026-10-01',
  compatibilityFlags: ['enable_request_signal'],
  port: 9_000,
  settings: { RULES: '[{"when": "a\\b"}]' },
  objects: [{ binding: 'RECEIPTS', className: 'Receipts' }],
} as const

test('a Worker gets its modules, its settings, its objects on SQLite and its port', () => {
  const text = workerConfig(START)
  expect(text).toContain('(name = "weights.bin", data = embed "weights.bin")')
  expect(text).toContain('(name = "RECEIPTS", durableObjectNamespace = (className = "Receipts"))')
  expect(text).toContain('enableSql = true')
  expect(text).toContain('address = "127.0.0.1:9000"')
})

test('a setting with quotes and backslashes stays one string', () => {
  expect(workerConfig(START)).toContain('text = "[{\\"when\\": \\"a\\\\b\\"}]"')
})

test('a Worker without objects has no storage', () => {
  expect(workerConfig({ ...START, objects: [] })).not.toContain('durableObjectStorage')
})
