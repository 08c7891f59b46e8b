/**
 * Builds what the pages load into dist/pages: each island, each style sheet and each image under a name that holds its
 * content's hash, and the list of these names, which the Worker reads. wrangler runs it (`[build]` in wrangler.toml), with
 * whatever Node runs wrangler: plain JavaScript.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const SOURCES = join(ROOT, 'edge/pages')
const TARGET = join(ROOT, 'dist/pages')
const FOLDER = 'assets'

/** Read by Cloudflare and by `wrangler dev`. A name changes with its content, so a browser may keep what it has. */
const HEADERS = `
  Cache-Control: public, max-age=31536000, immutable
  X-Content-Type-Options: nosniff
`

const bundled = await build({
  entryPoints: [...sources('islands', '.ts', '.tsx'), ...sources('styles', '.css')],
  outdir: TARGET,
  entryNames: '[name]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  // Style sheets keep what they say: light-dark() and nesting are older than the oldest browser that is meant.
  supported: { nesting: true },
  write: false,
  legalComments: 'none',
  logLevel: 'warning',
})
/** @type {Map<string, Uint8Array>} */
const contents = new Map()
for (const { path, contents: content } of bundled.outputFiles) contents.set(basename(path), content)
for (const path of sources('images', '.svg')) contents.set(basename(path), readFileSync(path))

const names = new Map([...contents].map(([name, content]) => [name, hashedName(name, content)]))
/** @type {Map<string, Uint8Array>} */
const files = new Map([
  // File by file: nobody shall keep a 404.
  ['_headers', Buffer.from([...names.values()].map((name) => name + HEADERS).join(''))],
  ['names.json', Buffer.from(JSON.stringify(Object.fromEntries(names)))],
])
for (const [name, content] of contents) files.set((names.get(name) ?? name).slice(1), content)
writeChanged(files)

/**
 * Returns the entry files of one folder; folders in it hold what the entries share.
 * @param {string} folder
 * @param {string[]} extensions
 */
function sources(folder, ...extensions) {
  return readdirSync(join(SOURCES, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && extensions.includes(extname(entry.name)))
    .map((entry) => join(SOURCES, folder, entry.name))
}

/**
 * @param {string} name
 * @param {Uint8Array} content
 */
function hashedName(name, content) {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12)
  return `/${FOLDER}/${basename(name, extname(name))}-${hash}${extname(name)}`
}

/**
 * Several edges may run from one folder: what has not changed is left alone, and no file is ever missing or half written in
 * between.
 * @param {ReadonlyMap<string, Uint8Array>} wanted
 */
function writeChanged(wanted) {
  mkdirSync(join(TARGET, FOLDER), { recursive: true })
  const present = readdirSync(TARGET, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  for (const [name, content] of wanted) {
    const path = join(TARGET, name)
    if (present.includes(path) && readFileSync(path).equals(content)) continue
    const unfinished = join(dirname(TARGET), `${basename(name)}.${process.pid}`)
    writeFileSync(unfinished, content)
    renameSync(unfinished, path)
  }
  const kept = new Set([...wanted.keys()].map((name) => join(TARGET, name)))
  for (const path of present) if (!kept.has(path)) rmSync(path, { force: true })
}
