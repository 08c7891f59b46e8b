import { totalmem } from 'node:os'
import { afterEach, expect, test, vi } from 'vitest'
import { availableMemory, machineMemory } from '../../../inference/models/memory.ts'

afterEach(() => void vi.unstubAllGlobals())

test('what is available is the smaller of the limit and what is free', () => {
  const readings = (limit: number, free: number) => ({
    constrainedMemory: () => limit,
    freeMemory: () => free,
  })
  expect(availableMemory(readings(512, 4096))).toBe(512)
  expect(availableMemory(readings(8192, 4096))).toBe(4096)
  expect(availableMemory(readings(0, 4096))).toBe(4096)
  expect(availableMemory(readings(2 ** 64, 4096))).toBe(4096)
})

test('reads this machine', () => {
  expect(machineMemory.freeMemory()).toBeGreaterThan(0)
  expect(machineMemory.freeMemory()).toBeLessThanOrEqual(totalmem())
})

test('counts memory that macOS would give back', () => {
  vi.stubGlobal('process', { platform: 'darwin', availableMemory: () => 2 * totalmem() })
  expect(machineMemory.freeMemory()).toBe(2 * totalmem())
  vi.stubGlobal('process', { platform: 'linux' })
  expect(machineMemory.freeMemory()).toBeLessThanOrEqual(totalmem())
})
