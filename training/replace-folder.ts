/**
 * Puts the files of one folder in another one's place, all of them or none. Decides nothing about what they hold.
 */
import { cpSync, renameSync, rmSync } from 'node:fs'

/**
 * Copies `source` over `target`: files that only the target has are kept. The whole of it is made beside the target first
 * (`target.next`) and then takes its name, so that being stopped half-way leaves the old folder or the new one, never a mixture
 * (the old one as `target.before`, if stopped between the two renames).
 * @param filter whether a path of the source is copied
 */
export function replaceFolder(source: string, target: string, filter: (path: string) => boolean): void {
  const next = `${target}.next`
  const before = `${target}.before`
  rmSync(next, { recursive: true, force: true })
  cpSync(target, next, { recursive: true })
  cpSync(source, next, { recursive: true, filter })
  rmSync(before, { recursive: true, force: true })
  renameSync(target, before)
  renameSync(next, target)
  rmSync(before, { recursive: true, force: true })
}
