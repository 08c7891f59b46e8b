/**
 * Writes `.env.example` and docs/settings.md from the definitions of the settings, so that neither can say anything else.
 *
 *   node scripts/run.mjs scripts/settings/write-documents.ts
 */
import * as z from 'zod/mini'
import { CORE_DEFINITIONS } from '../../edge/settings/core-definitions.ts'
import { EDGE_DEFINITIONS } from '../../edge/settings/edge-definitions.ts'
import { containerDefinitions } from '../../inference/config.ts'
import { SETTING_SECTIONS, type SettingTable } from '../../shared/setting.ts'

type Documented = {
  readonly name: string
  readonly readBy: string
  readonly section: string
  readonly text: string
  readonly secret: boolean
  /** As documented; undefined where there is none. */
  readonly defaultText: string | undefined
  readonly example: string | undefined
  readonly sample: string
}

/** Where `npm start` listens on 127.0.0.1; read in stack-settings.ts. */
const PORT_DEFINITIONS: SettingTable = {
  ROUTER_PORT: {
    section: 'Ports of npm start',
    schema: undefined,
    text: 'Where the edge listens on 127.0.0.1.',
    defaultText: '8787',
    example: '8787',
  },
  INFERENCE_PORT: {
    section: 'Ports of npm start',
    schema: undefined,
    text: 'Where the container listens on 127.0.0.1.',
    defaultText: '8080',
    example: '8080',
  },
}

/** Set by npm start itself, so that they have no place in its file. */
const NOT_IN_EXAMPLE = new Set(['HOST', 'PORT'])
const COMMENT_WIDTH = 117

/** Returns every setting once, in the order of the sections. */
export function documentedSettings(): readonly Documented[] {
  const container = containerDefinitions(2, Number.POSITIVE_INFINITY)
  const readers: readonly (readonly [string, SettingTable])[] = [
    ['edge, library', CORE_DEFINITIONS],
    ['edge', EDGE_DEFINITIONS],
    ['container, library', container],
    ['npm start', PORT_DEFINITIONS],
  ]
  const found = new Map<string, Documented>()
  for (const [readBy, table] of readers)
    for (const [name, setting] of Object.entries(table)) {
      const known = found.get(name)
      if (known !== undefined) {
        found.set(name, { ...known, readBy: `${known.readBy.replace(', library', '')}, ${readBy}` })
        continue
      }
      const defaultText = setting.defaultText ?? defaultOf(setting.schema)
      found.set(name, {
        name,
        readBy,
        section: setting.section,
        text: setting.text,
        secret: setting.secret ?? false,
        defaultText,
        example: setting.example,
        sample: setting.sample ?? (setting.defaultText === undefined ? (defaultText ?? '') : ''),
      })
    }
  return SETTING_SECTIONS.flatMap((section) => [...found.values()].filter((each) => each.section === section))
}

/** Returns the text of `.env.example`. */
export function renderExample(settings: readonly Documented[]): string {
  const blocks = SETTING_SECTIONS.flatMap((section) => {
    const own = settings.filter((each) => each.section === section && !NOT_IN_EXAMPLE.has(each.name))
    return [`# --- ${section} ${'-'.repeat(COMMENT_WIDTH - section.length - 7)}`, ...own.map(renderLines), '']
  })
  return `${[
    '# Settings of `npm start` and `npm run dev`. The first start copies this file to .env, which git ignores: edit that one.',
    '# The environment of the process wins over this file; an empty value counts as unset. When deployed, the edge reads',
    '# wrangler.toml and `wrangler secret put`, the container its own environment: docs/deployment.md.',
    '# Written from the definitions in the code: see docs/settings.md.',
    '',
    ...blocks,
  ]
    .join('\n')
    .trimEnd()}\n`
}

function renderLines({ name, text, example, sample }: Documented): string {
  const line = example === undefined ? `# ${name}=${sample}` : `${name}=${example}`
  return [...wrap(text).map((each) => `# ${each}`), line].join('\n')
}

function wrap(text: string): string[] {
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && last.length + word.length + 1 > COMMENT_WIDTH) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines
}

/** Returns the text of docs/settings.md. */
export function renderTable(settings: readonly Documented[]): string {
  const sections = SETTING_SECTIONS.map((section) => {
    const rows = settings
      .filter((each) => each.section === section)
      .map(
        ({ name, text, defaultText, secret, readBy }) =>
          `| \`${name}\` | ${defaultText === undefined || defaultText === '' ? '–' : cell(defaultText)} | ${cell(text)}${secret ? ' Secret.' : ''} | ${readBy} |`,
      )
    return `## ${section}\n\n| name | default | | read by |\n|---|---|---|---|\n${rows.join('\n')}\n`
  })
  return `# Settings

Written from the definitions in \`edge/settings/\` and \`inference/config.ts\` by \`npm run format\`; a test keeps them equal. Under
\`npm start\` all of them stand in \`.env\` (the environment of the process wins); deployed, the edge reads \`[vars]\` of
\`wrangler.toml\` and secrets (\`wrangler secret put NAME\`), the container its environment. Empty counts as unset. A missing,
malformed or contradictory setting of the edge answers 503 and names itself; one of the container stops its start.

${sections.join('\n')}`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** What the schema makes of an unset value. */
function defaultOf(schema: unknown): string | undefined {
  if (!(schema instanceof z.core.$ZodType)) return undefined
  const parsed = z.safeParse(schema, undefined)
  if (!parsed.success || parsed.data === undefined) return undefined
  return Array.isArray(parsed.data) ? parsed.data.join(',') : String(parsed.data)
}
