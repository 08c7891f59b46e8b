/**
 * How long the dashboard takes to open over many receipts: real workerd with its objects on disk, a real browser, from the begin of
 * the navigation until the figures stand there. Writes no report.
 */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { startVariant } from '../edge/contenders.ts'
import { percentile } from '../edge/statistics.ts'
import { startUpstream } from '../edge/upstream.ts'
import { generateReceipts } from './generate-receipts.ts'
import { startPageHost } from './page-host.ts'

export type DashboardFigure = {
  readonly name: string
  readonly opened: number
  /** From the begin of the navigation, ms. */
  readonly leastMs: number
  readonly medianMs: number
  readonly mostMs: number
}

const ADMIN_KEY = 'the-admin-key-of-the-bench'
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const DAY_MS = 24 * 60 * 60_000
/** Whole days that lie within the thirty of the page. */
const DAYS = 29
const TOGETHER = 1_000
const OPENED = 15
/** What is there only once all answers have come and are shown. */
const SHOWN = '[aria-busy="false"]'

/**
 * Fills the ledger, logs in and opens the pages.
 * @param folder an empty one, for the bundle and the objects
 * @throws if there is no browser, or a page does not show what was put in
 */
export async function measureDashboard(
  folder: string,
  { count, users }: { readonly count: number; readonly users: number },
): Promise<readonly DashboardFigure[]> {
  const executablePath = [process.env.CHROMIUM ?? '', ...BROWSERS].find((path) => existsSync(path))
  if (executablePath === undefined)
    throw new Error('There is no chromium. Install it, or set CHROMIUM to its path.')
  const stops: (() => unknown)[] = []
  try {
    const upstream = await startUpstream()
    stops.push(upstream.stop)
    const host = await startPageHost()
    stops.push(host.stop)
    const source = {
      name: 'filled ledger',
      script: 'bench/edge/workers/filled-ledger.ts',
      config: 'wrangler.toml',
      isRouter: true,
    }
    const own = { ADMIN_KEY, ASSETS_URL: host.url, CONTAINER_USD_PER_MONTH: '7' }
    const { contender, stop } = await startVariant(source, folder, upstream.port, own)
    stops.push(stop)
    host.sendTo(contender.port)
    await fill(host.url, count, users)
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    stops.push(() => browser.close())
    const cookies = await logIn(browser, host.url)
    const open = (name: string, path: string, expected: RegExp, isKnown: boolean) =>
      openOften(browser, { name, url: `${host.url}${path}`, cookies, expected, isKnown })
    const sentence = new RegExp(`^Last 30 days: ${count.toLocaleString('en')} requests`)
    return [
      await open('overview, first visit of a browser', '/dashboard', sentence, false),
      await open('overview, visited before', '/dashboard', sentence, true),
      await open('newest 50 requests, visited before', '/dashboard/requests', /./, true),
    ]
  } finally {
    for (const stop of stops.toReversed()) await stop()
  }
}

async function fill(url: string, count: number, users: number): Promise<void> {
  const from = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAYS * DAY_MS
  const receipts = [...generateReceipts({ from, days: DAYS, count, users })]
  for (let at = 0; at < receipts.length; at += TOGETHER) {
    const body = JSON.stringify(receipts.slice(at, at + TOGETHER))
    const answer = await fetch(`${url}/bench/receipts`, { method: 'POST', body })
    if (!answer.ok) throw new Error(`The ledger cannot be filled: ${answer.status} ${await answer.text()}`)
  }
}

type Cookies = Awaited<ReturnType<BrowserContext['storageState']>>

async function logIn(browser: Browser, url: string): Promise<Cookies> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`${url}/dashboard/login?next=/dashboard/keys`)
  await page.getByLabel('Admin key').fill(ADMIN_KEY)
  await page.getByLabel('Admin key').press('Enter')
  await page.locator(SHOWN).waitFor()
  const cookies = await context.storageState()
  await context.close()
  return cookies
}

async function openOften(
  browser: Browser,
  {
    name,
    url,
    cookies,
    expected,
    isKnown,
  }: {
    readonly name: string
    readonly url: string
    readonly cookies: Cookies
    readonly expected: RegExp
    /** Whether the browser has the page's scripts already. */
    readonly isKnown: boolean
  },
): Promise<DashboardFigure> {
  const times: number[] = []
  let context = await browser.newContext({ storageState: cookies })
  for (let visit = isKnown ? -1 : 0; visit < OPENED; visit += 1) {
    if (!isKnown) {
      await context.close()
      context = await browser.newContext({ storageState: cookies })
    }
    const page = await context.newPage()
    await page.goto(url, { waitUntil: 'commit' })
    await page.locator(SHOWN).waitFor()
    // The page's own clock begins with the navigation. The way of the question to the browser is in the time.
    const milliseconds = Number(await page.evaluate('performance.now()'))
    const heading = (await page.getByRole('heading', { level: 1 }).textContent()) ?? ''
    if (!expected.test(heading)) throw new Error(`The page does not show what was put in: ${heading}`)
    await page.close()
    if (visit >= 0) times.push(milliseconds)
  }
  await context.close()
  return {
    name,
    opened: times.length,
    leastMs: Math.min(...times),
    medianMs: percentile(times, 0.5),
    mostMs: Math.max(...times),
  }
}
