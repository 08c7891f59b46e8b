/**
 * A setting as it is defined once: what it may be, and what people must know of it. Schemas, `.env.example` and
 * docs/settings.md come from it. Knows no setting by name.
 */

/** In the order in which they are documented. */
export const SETTING_SECTIONS = [
  'Routing',
  'Claude',
  'Who may call',
  'Local model: how it is reached',
  'Local model: the container',
  'Ledger: cost, savings, users',
  'Cache, logs and limits',
  'Other tools',
  'Ports of npm start',
] as const
export type SettingSection = (typeof SETTING_SECTIONS)[number]

export type SettingDocumentation = {
  readonly section: SettingSection
  /** One or two sentences. */
  readonly text: string
  /** Never shown, never logged. */
  readonly secret?: true
  /** The default in words, where it is no fixed value. */
  readonly defaultText?: string
  /** The value that `.env.example` sets; absent: a comment that shows the default or `sample`. */
  readonly example?: string
  /** What a value looks like, for settings without a default. */
  readonly sample?: string
}

export type Setting<Schema = unknown> = SettingDocumentation & { readonly schema: Schema }

/** Settings by name. */
export type SettingTable = Readonly<Record<string, Setting>>

/** Returns the schemas of a table, for an object schema. */
export function schemasOf<const Table extends SettingTable>(
  table: Table,
): { readonly [Name in keyof Table]: Table[Name]['schema'] } {
  return Object.fromEntries(Object.entries(table).map(([name, { schema }]) => [name, schema])) as {
    readonly [Name in keyof Table]: Table[Name]['schema']
  }
}
