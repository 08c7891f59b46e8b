/**
 * What all pages share: head, navigation, theme button. Knows no page's content and no request.
 */
import type { Child } from 'hono/jsx'
import type { AssetNames } from './assets.ts'

export type LayoutProperties = {
  /** What the browser's tab says before the product's name. */
  readonly title: string
  readonly section: Section
  /** The page's own script, `NAME.js`. */
  readonly island?: string
  /** The page's own style sheet, `NAME.css`; that of the island unless given. */
  readonly style?: string
  readonly assets: AssetNames
  readonly children?: Child
}

export type Section = keyof typeof SECTIONS

const SECTIONS = {
  playground: { path: '/', label: 'Playground' },
  dashboard: { path: '/dashboard', label: 'Dashboard' },
  docs: { path: '/docs', label: 'API docs' },
} as const

/** Renders a whole document. No inline script and no inline style: the pages' policy allows none. */
export function Layout({ title, section, island, style = island, assets, children }: LayoutProperties) {
  const ownStyle = style === undefined ? undefined : assets[`${style}.css`]
  const ownScript = island === undefined ? undefined : assets[`${island}.js`]
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · Ulfberht Router`}</title>
        <link rel="icon" href={assets['mark.svg']} type="image/svg+xml" />
        <link rel="stylesheet" href={assets['pages.css']} />
        {ownStyle === undefined ? null : <link rel="stylesheet" href={ownStyle} />}
        {/* Blocks on purpose: a stored theme holds before the first paint. */}
        <script src={assets['theme.js']} />
        {ownScript === undefined ? null : <script type="module" src={ownScript} />}
      </head>
      <body class={section}>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <header class="bar">
          <a class="brand" href="/">
            <img src={assets['mark.svg']} alt="" width="22" height="22" />
            <span>
              Ulfberht <span class="brand-rest">Router</span>
            </span>
          </a>
          <nav aria-label="Pages">
            {Object.entries(SECTIONS).map(([name, { path, label }]) => (
              <a href={path} aria-current={name === section ? 'page' : undefined}>
                {label}
              </a>
            ))}
          </nav>
          <button id="theme" class="quiet icon" type="button" hidden />
        </header>
        <main id="main" tabindex={-1}>
          {children}
        </main>
      </body>
    </html>
  )
}
