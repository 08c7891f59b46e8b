/** Names that mean more than one model. */
import { expect, test } from 'vitest'
import { isVirtualModel, namesLocalModel } from '../../../edge/routing/virtual-models.ts'

test('knows the virtual names exactly', () => {
  expect(['auto', 'claude-auto'].map(isVirtualModel)).toEqual([true, true])
  expect(['Auto', 'local', 'claude-auto-5', '__proto__'].map(isVirtualModel)).toEqual([
    false,
    false,
    false,
    false,
  ])
})

test('knows the local model by its name and by the one that means it', () => {
  expect(['local', 'tiny-model', 'auto'].map((name) => namesLocalModel(name, 'tiny-model'))).toEqual([
    true,
    true,
    false,
  ])
  expect(['local', 'tiny-model'].map((name) => namesLocalModel(name, undefined))).toEqual([true, false])
})
