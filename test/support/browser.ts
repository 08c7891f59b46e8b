/**
 * A real browser for the pages: Debian's chromium driven by playwright-core, its console watched for what the policy
 * forbids, and axe for what a person with a screen reader or weak sight would miss. Asserts nothing.
 */
import { existsSync } from 'node:fs'
import axe from 'axe-core'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser's path, or undefined where there is none: tests are then skipped. `CHROMIUM` names another one. */
export const BROWSER = [process.env.CHROMIUM ?? '', ...PLACES].find((path) => existsSync(path))

export type OpenPage = {
  readonly page: Page
  /** Errors of the console and of scripts, violations of the policy among them. */
  readonly complaints: readonly string[]
  readonly close: () => Promise<void>
}

export type TestBrowser = {
  readonly open: (url: string, options?: BrowserContextOptions) => Promise<OpenPage>
  readonly close: () => Promise<void>
}

/** Starts the browser without a window. */
export async function startBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: BROWSER ?? '', args: ['--no-sandbox'] })
  return {
    async open(url, options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (message) => {
        // An answer that is an error is no fault of the page.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
          complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(error.message))
      await page.goto(url)
      return { page, complaints, close: () => context.close() }
    },
    close: () => browser.close(),
  }
}

/** Returns what axe finds wrong with the page as it is, one line a finding. */
export async function accessibilityFindings(page: Page): Promise<string[]> {
  // Evaluated from outside: the page's policy would not let the script in.
  await page.evaluate(axe.source)
  const found: unknown = await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ': ' + failureSummary)))`,
  )
  return Array.isArray(found) ? found.map(String) : ['axe said nothing']
}

/** Returns by how many pixels the page is wider than its window; 0 where nothing has to be scrolled sideways. */
export async function sidewaysScroll(page: Page): Promise<number> {
  return Number(
    await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
  )
}
