import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tryLock, withLock } from '../../scripts/bootstrap/lock.mjs'

/** No process has this id: it is beyond what Linux and macOS hand out. */
const DEAD_PROCESS = 2 ** 30

test('runs the work and leaves no lock behind, whether it succeeds or throws', async () => {
  const file = lockFile()
  expect(await withLock(file, async () => existsSync(file))).toBe(true)
  await expect(withLock(file, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(existsSync(file)).toBe(false)
})

test('takes over a lock whose owner is gone', async () => {
  const file = lockFile()
  writeFileSync(file, String(DEAD_PROCESS))
  expect(await withLock(file, async () => 'done')).toBe('done')
})

test('a lock that is held names its owner, until it is released', () => {
  const file = lockFile()
  const { release } = tryLock(file)
  expect(tryLock(file)).toEqual({ owner: process.pid })
  release?.()
  tryLock(file).release?.()
  expect(existsSync(file)).toBe(false)
})

test('waits for a living owner and names it once', async () => {
  const file = lockFile()
  writeFileSync(file, String(process.pid))
  const owners: number[] = []
  const onWait = (owner: number) => {
    owners.push(owner)
    rmSync(file)
  }
  expect(await withLock(file, async () => 'done', { onWait })).toBe('done')
  expect(owners).toEqual([process.pid])
})

test('stops waiting when asked to', async () => {
  const file = lockFile()
  writeFileSync(file, String(process.pid))
  const stopped = new AbortController()
  const waiting = withLock(file, async () => 'never', {
    onWait: () => stopped.abort(),
    signal: stopped.signal,
  })
  await expect(waiting).rejects.toThrow('aborted')
})

function lockFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'router-lock-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'install.lock')
}
