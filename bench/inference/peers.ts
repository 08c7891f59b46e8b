/**
 * Installs what the benchmark is compared with: a package and a lockfile of their own, so that the product does not
 * depend on them. Their binary is for Linux on x64.
 *
 * Version 3.22.1 of node-llama-cpp: before it, answers that are made at once spoil each other. The `overrides` of its
 * package.json name binaries of other platforms in versions that a lockfile can hold; none of them is installed.
 */
import { join } from 'node:path'
import { ensureDependencies, InstallError } from '../../scripts/bootstrap/install.mjs'

const PEERS = join(import.meta.dirname, '../peers')

/** Entry of node-llama-cpp, once it is installed. */
export const LLAMA_CPP_MODULE = join(PEERS, 'node_modules/node-llama-cpp/dist/index.js')

/** Installs them where they are missing; returns undefined, or why there are none. */
export async function installPeers(say: (line: string) => void): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `node-llama-cpp is installed for Linux on x64 only, not for ${process.platform} on ${process.arch}`
  try {
    // Its optional packages are for graphics cards: 600 MB.
    const what = 'node-llama-cpp, which the benchmark is compared with (85 MB on disk)'
    await ensureDependencies(PEERS, { say, what, optional: false })
    return undefined
  } catch (error) {
    if (error instanceof InstallError) return error.message
    throw error
  }
}
