/**
 * The dashboard in a real browser: log-in, figures and the receipts behind them, feedback, keys, budgets. The router
 * runs in this process over a ledger with ten thousand receipts.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  accessibilityFindings,
  BROWSER,
  type OpenPage,
  sidewaysScroll,
  startBrowser,
  type TestBrowser,
} from '../support/browser.ts'
import { ADMIN_KEY } from '../support/edge/canaries.ts'
import { createMemoryLedger } from '../support/edge/memory-ledger.ts'
import { createSqliteAccounts } from '../support/edge/sqlite-accounts.ts'
import { generateReceipts } from '../support/generated-receipts.ts'
import { buildPages, type PageServer, servePages } from '../support/page-server.ts'

const RECEIPTS = 10_000
const VIEWS = ['/dashboard', '/dashboard/requests', '/dashboard/keys', '/dashboard/budgets']
/** Where pictures for a person go; nowhere unless it is set. */
const PICTURES = process.env.PICTURES

let browser: TestBrowser
let router: PageServer
/** Cookies of a session, given to those tests that do not log in themselves. */
let session: Awaited<ReturnType<typeof logIn>>

describe.skipIf(BROWSER === undefined)('the dashboard in chromium (skipped where there is none)', () => {
  beforeAll(async () => {
    await buildPages()
    browser = await startBrowser()
    router = await startRouter(RECEIPTS, { CONTAINER_USD_PER_MONTH: '7' })
    session = await logIn()
  })

  afterAll(async () => {
    await browser?.close()
    await router?.close()
  })

  test('lets in whoever knows the admin key, and brings them where they wanted to go', async () => {
    const { page, complaints, close } = await browser.open(`${router.url}/dashboard/requests?range=7d`)
    await page.getByLabel('Admin key').fill('not-the-admin-key-0123')
    await page.getByRole('button', { name: 'Log in' }).click()
    expect(await page.getByRole('alert').textContent()).toContain('not the admin key')
    expect(await accessibilityFindings(page)).toEqual([])
    await page.getByLabel('Admin key').fill(ADMIN_KEY)
    await page.getByLabel('Admin key').press('Enter')
    await page.getByRole('table').waitFor()
    await expect.poll(() => page.url()).toBe(`${router.url}/dashboard/requests?range=7d`)
    expect(await page.evaluate('document.cookie')).toBe('')
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Admin key').waitFor()
    await page.goto(`${router.url}/dashboard`)
    expect(await page.getByLabel('Admin key').count()).toBe(1)
    expect(complaints).toEqual([])
    await close()
  })

  test('opens with one sentence, over ten thousand receipts without asking for one of them', async () => {
    router.asked.length = 0
    const { page, complaints, close } = await visit('/dashboard')
    const sentence = await page.getByRole('heading', { level: 1 }).textContent()
    expect(sentence).toMatch(
      /^Last 30 days: 10,000 requests, \d+ % answered locally; Claude \$\d+\.\d\d, container \$\d+\.\d\d; against Sonnet alone you saved \$/,
    )
    await page.getByRole('heading', { name: 'Container', exact: true }).waitFor()
    await page.waitForLoadState('networkidle')
    expect(router.asked.filter((asked) => asked.includes('/v1/router/requests'))).toEqual([])
    expect(router.asked.filter((asked) => asked.includes('/v1/router/usage'))).toHaveLength(3)
    await page.goto(`${router.url}/dashboard/requests`)
    await page.getByRole('table').waitFor()
    expect(await page.locator('.receipts tbody tr').count()).toBe(50)
    expect(router.asked.filter((asked) => asked.includes('/v1/router/requests?'))).toHaveLength(1)
    expect(complaints).toEqual([])
    await close()
  })

  test('leads from a figure to its receipts, from there to one with its evidence, and keeps a word on it', async () => {
    const { page, complaints, close } = await visit('/dashboard?range=7d')
    await page.getByRole('link', { name: /Answered locally/ }).click()
    await page.getByRole('table').waitFor()
    await expect.poll(() => searchOf(page)).toBe('?range=7d&route=local')
    const badges = await page.locator('.receipts .badge').allTextContents()
    expect(new Set(badges)).toEqual(new Set(['local']))
    await page.locator('.receipts tbody a').first().click()
    await page.getByRole('heading', { name: 'What spoke for and against' }).waitFor()
    expect(await page.getByText('hybrid: simple task').count()).toBe(1)
    const word = page.getByRole('button', { name: 'Should have been Claude' })
    await word.click()
    await expect.poll(() => word.getAttribute('aria-pressed')).toBe('true')
    await page.reload()
    await expect.poll(() => word.getAttribute('aria-pressed')).toBe('true')
    await page.goto(`${router.url}/dashboard/requests?feedback=should_be_claude`)
    await page.getByRole('table').waitFor()
    expect(await page.locator('.receipts tbody tr').count()).toBe(1)
    expect(complaints).toEqual([])
    await close()
  })

  test('keeps the filter in the address: set, removed, gone back to, carried to the other view', async () => {
    const { page, close } = await visit('/dashboard')
    const search = () => expect.poll(() => searchOf(page))
    await page.getByRole('button', { name: '7 days' }).click()
    await search().toBe('?range=7d')
    await page.getByLabel('Condition on').selectOption('tenant')
    await page.getByLabel('Value of the condition').fill('web')
    await page.getByRole('button', { name: 'Add' }).click()
    await search().toBe('?range=7d&tenant=web')
    await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toContain('Last 7 days')
    await page.getByRole('link', { name: 'Requests', exact: true }).first().click()
    await page.getByRole('table').waitFor()
    await search().toBe('?range=7d&tenant=web')
    await page.getByRole('link', { name: 'Older' }).click()
    await page.getByRole('link', { name: 'Newest' }).waitFor()
    await search().toContain('cursor=')
    await page.goBack()
    await page.goBack()
    await page.getByRole('button', { name: 'Remove the condition on tenant' }).click()
    await search().toBe('?range=7d')
    await page.goBack()
    await page.getByRole('button', { name: 'Remove the condition on tenant' }).waitFor()
    await close()
  })

  test('says each chart as a table whose rows lead to the receipts of their day', async () => {
    const { page, close } = await visit('/dashboard')
    await page.getByText('Table', { exact: true }).first().click()
    const row = page.locator('.chart table').first().locator('tbody tr').nth(5)
    const counts = await row.locator('td').allTextContents()
    const requests = counts.reduce((sum, count) => sum + Number(count.replaceAll(',', '')), 0)
    await row.getByRole('link').click()
    await page.getByRole('table').waitFor()
    let shown = await page.locator('.receipts tbody tr').count()
    while ((await page.getByRole('link', { name: 'Older' }).count()) > 0) {
      const before = page.url()
      await page.getByRole('link', { name: 'Older' }).click()
      await expect.poll(() => page.url()).not.toBe(before)
      await page.getByRole('table').waitFor()
      shown += await page.locator('.receipts tbody tr').count()
    }
    expect(shown).toBe(requests)
    await close()
  })

  test('makes a key that opens the router, shows it once, and revokes it', async () => {
    const { page, close } = await visit('/dashboard/keys')
    await page.getByLabel('Tenant').fill('mobile')
    await page.getByRole('button', { name: 'Make the key' }).click()
    const key = (await page.locator('#made-key').textContent()) ?? ''
    const opens = async () =>
      (await fetch(`${router.url}/v1/models`, { headers: { 'x-api-key': key } })).status
    expect(await opens()).toBe(200)
    await page.reload()
    await page.getByRole('rowheader', { name: 'mobile' }).waitFor()
    expect(await page.content()).not.toContain(key)
    await page.getByRole('button', { name: 'Revoke the key of mobile' }).click()
    await page.getByRole('button', { name: 'Revoke it' }).click()
    await page.getByText('No key has been made yet').waitFor()
    expect(await opens()).toBe(401)
    await page.getByLabel('Tenant').fill('a tenant/with a bad name')
    await page.getByRole('button', { name: 'Make the key' }).click()
    expect(await page.getByRole('alert').textContent()).toContain('tenant')
    await close()
  })

  test('sets the limits of a tenant, and says what is wrong with them', async () => {
    const { page, close } = await visit('/dashboard/budgets')
    await page.getByLabel('Another tenant').fill('web')
    await page.getByRole('button', { name: 'Set limits' }).click()
    const whole = page.getByRole('group', { name: 'The tenant as a whole' })
    await whole.getByLabel('USD a month').fill('many')
    await page.getByRole('button', { name: 'Save' }).click()
    expect(await page.getByRole('alert').textContent()).toContain('usdPerMonth')
    await whole.getByLabel('USD a month').fill('50')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Edit the limits of web' }).click()
    expect(await whole.getByLabel('USD a month').inputValue()).toBe('50')
    // What it has spent before it had limits counts.
    expect(await page.getByText('of $50.00').count()).toBe(1)
    const answer = await fetch(`${router.url}/v1/router/budgets/web`, { headers: { 'x-api-key': ADMIN_KEY } })
    expect(await answer.json()).toMatchObject({ tenant: 'web', limits: { tenant: { usdPerMonth: 50 } } })
    await close()
  })

  test.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)(
    'is for everybody: axe, %s, %s pixels',
    async (colorScheme, width) => {
      const { page, complaints, close } = await visit('/dashboard', {
        colorScheme,
        viewport: { width, height: 860 },
      })
      for (const path of [...VIEWS, `/dashboard/requests/${await newestId(page)}`]) {
        await page.goto(`${router.url}${path}`)
        await settled(page)
        expect({ path, findings: await accessibilityFindings(page) }).toEqual({ path, findings: [] })
        expect({ path, sideways: await sidewaysScroll(page) }).toEqual({ path, sideways: 0 })
        await picture(page, `${path.replaceAll('/', '-').slice(1, 24)}-${width}-${colorScheme}`)
      }
      expect(complaints).toEqual([])
      await close()
    },
    180_000,
  )

  test('is worked by the keyboard alone', async () => {
    const { page, close } = await visit('/dashboard/requests')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
    for (let tabs = 0; tabs < 40; tabs++) {
      await page.keyboard.press('Tab')
      if ((await page.evaluate('document.activeElement.textContent')) === '7 days') break
    }
    await page.keyboard.press('Space')
    await expect.poll(() => searchOf(page)).toBe('?range=7d')
    await close()
  })

  test('gives receipts and sums as files', async () => {
    const { page, close } = await visit('/dashboard/requests?range=24h')
    const [lines] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download as JSON Lines' }).click(),
    ])
    const receipts = readFileSync(await lines.path(), 'utf8')
      .trim()
      .split('\n')
    expect(receipts.length).toBeGreaterThan(200)
    expect(JSON.parse(receipts[0] ?? '')).toMatchObject({ strategy: 'hybrid' })
    await page.goto(`${router.url}/dashboard`)
    const [table] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download the sums as CSV' }).click(),
    ])
    expect(readFileSync(await table.path(), 'utf8')).toMatch(/^day,route,requests,/)
    await close()
  })

  test('says what to do where nothing has been asked, and asks for no key on this machine', async () => {
    const open = { ROUTER_KEYS: '', ALLOW_ANONYMOUS: 'true', ADMIN_KEY: '' }
    const empty = await startRouter(0, { ...open, CONTAINER_USD_PER_MONTH: '25' })
    const { page, complaints, close } = await browser.open(`${empty.url}/dashboard`)
    await page.getByText('Nothing has been asked in this period').waitFor()
    const sentence = page.getByRole('heading', { level: 1 })
    // Rent begins with the first receipt.
    expect(await sentence.textContent()).toBe('Last 30 days: no requests.')
    expect(await sentence.getAttribute('class')).not.toContain('negative')
    await page.goto(`${empty.url}/dashboard/keys`)
    expect(await page.getByRole('alert').textContent()).toContain('ADMIN_KEY is not set on this router')
    expect(complaints).toEqual([])
    await close()
    await empty.close()
  })

  test('shows an error of the API in its own words', async () => {
    const { page, close } = await visit('/dashboard/requests?route=moon')
    expect(await page.getByRole('alert').textContent()).toContain('route')
    await page.goto(`${router.url}/dashboard/requests/req_${'0'.repeat(32)}`)
    expect(await page.getByRole('alert').textContent()).toContain('no receipt')
    await close()
  })
})

/** A router over a ledger of that many receipts of the last thirty days. */
async function startRouter(count: number, settings: Readonly<Record<string, string>>): Promise<PageServer> {
  const now = Date.now()
  const ledger = await createMemoryLedger({ now: () => Date.now() })
  for (const receipt of generateReceipts({ count, until: now, days: 30 })) await ledger.append(receipt)
  await ledger.tend()
  return servePages(settings, {
    ledger,
    accounts: createSqliteAccounts(() => Date.now()),
    now: () => Date.now(),
  })
}

async function logIn() {
  const { page, close } = await browser.open(`${router.url}/dashboard/login?next=/dashboard/keys`)
  await page.getByLabel('Admin key').fill(ADMIN_KEY)
  await page.getByLabel('Admin key').press('Enter')
  await settled(page)
  const state = await page.context().storageState()
  await close()
  return state
}

/** Opens a page with a session. */
async function visit(path: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const opened = await browser.open(`${router.url}${path}`, {
    timezoneId: 'Europe/Berlin',
    storageState: session,
    ...options,
  })
  await settled(opened.page)
  return opened
}

async function settled(page: Page): Promise<void> {
  await page.locator('[aria-busy="false"]').waitFor()
  await page.waitForLoadState('networkidle')
}

/** The address that the browser last reported: it hears of a change that the page itself makes a moment later. */
function searchOf(page: Page): string {
  return new URL(page.url()).search
}

async function newestId(page: Page): Promise<string> {
  await page.goto(`${router.url}/dashboard/requests`)
  const href = await page.locator('.receipts tbody a').first().getAttribute('href')
  return href?.split('/').at(-1) ?? ''
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return
  mkdirSync(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })
}
