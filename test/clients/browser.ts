/**
 * A real browser for the pages that the router serves: the system's Chromium, driven by Playwright.
 */
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Where the browser is, or undefined on a machine without one. */
export const BROWSER = PLACES.find((path) => existsSync(path))

export type Visit = {
  readonly title: string
  readonly text: string
  /** Every address that the page asked for. */
  readonly requested: readonly string[]
  /** What it wrote to the console as an error, or threw. */
  readonly errors: readonly string[]
  /** Runs in the page. */
  readonly evaluate: <T>(script: string) => Promise<T>
}

/** Opens a page and hands it to `look`; the browser is closed afterwards. */
export async function visit<T>(url: string, look: (visit: Visit) => Promise<T>): Promise<T> {
  const browser = await chromium.launch({
    executablePath: BROWSER ?? '',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  try {
    const page = await browser.newPage()
    const requested: string[] = []
    const errors: string[] = []
    page.on('request', (request) => void requested.push(request.url()))
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    page.on('pageerror', (error) => void errors.push(error.message))
    await page.goto(url, { waitUntil: 'networkidle' })
    return await look({
      title: await page.title(),
      text: (await page.textContent('body')) ?? '',
      requested,
      errors,
      evaluate: (script) => page.evaluate(script),
    })
  } finally {
    await browser.close()
  }
}
