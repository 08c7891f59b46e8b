/**
 * The playground in a real browser, on the whole product with the shipped model and no key: what a visitor sees after
 * `npm start`. And beside it a router that wants a key.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  accessibilityFindings,
  BROWSER,
  type OpenPage,
  sidewaysScroll,
  startBrowser,
  type TestBrowser,
} from '../support/browser.ts'
import { eventually } from '../support/processes.ts'
import { type RunningProgram, startContainer, startEdge } from '../support/stack.ts'
import { createClient, messagesBody } from '../support/stack-client.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { CLAUDE_KEY, claudeAnswers } from '../support/upstream-messages.ts'

const SECRET = 'secret-shared-with-the-container'
const COMPLEX = 'Refactor this recursive quicksort in Python and prove its worst-case time complexity.'
const EXAMPLE = 'Good morning!'
/** The real model answers on a busy machine, ms. */
const PATIENCE = 60_000

const LOCAL = { LLM_STRATEGY: 'hybrid', LOCAL_LLM_ENABLED: 'true', LOCAL_LLM_SECRET: SECRET }

let container: RunningProgram
let claude: Upstream
let browser: TestBrowser
/** No key at all; a Claude that answers; a router that asks for a key. */
let bare: RunningProgram
let full: RunningProgram
let locked: RunningProgram

describe.skipIf(BROWSER === undefined)('the playground in chromium (skipped where there is none)', () => {
  beforeAll(async () => {
    container = await startContainer({ LOCAL_LLM_SECRET: SECRET })
    claude = await startUpstream({ usual: claudeAnswers, other: [] })
    const withContainer = { ...LOCAL, LOCAL_LLM_URL: container.url }
    bare = await startEdge(withContainer)
    full = await startEdge({
      ...withContainer,
      ANTHROPIC_API_KEY: CLAUDE_KEY,
      ANTHROPIC_BASE_URL: claude.url,
    })
    locked = await startEdge({
      ...withContainer,
      ALLOW_ANONYMOUS: '',
      ROUTER_KEYS: 'alice:key-of-alice-0123456789',
    })
    browser = await startBrowser()
    const client = createClient(bare.url)
    await eventually(
      'the local model answers',
      async () => (await client.send(messagesBody('Hello!', { fields: { max_tokens: 8 } }))).status === 200,
      PATIENCE,
    )
  })

  afterAll(async () => {
    await browser?.close()
    await Promise.all([bare, full, locked, container].map((program) => program?.stop()))
    await claude?.close()
  })

  test('works with nothing set: verdict while typing, an answer by the local model, and what it took', async () => {
    const { page, complaints, close } = await visit(bare)
    await page.getByText('Works without a key').waitFor()
    await page.getByRole('button', { name: EXAMPLE }).click()
    const verdict = page.getByRole('region', { name: 'Verdict' })
    await verdict.getByText('Looks like small talk').waitFor()
    await expect.poll(() => verdict.locator('.badge').first().textContent()).toBe('Local model')
    expect(await verdict.locator('.reasons li').count()).toBeGreaterThan(2)
    await page.getByLabel('Message').press('Enter')
    const answer = page.getByRole('article').first()
    await answer.getByText('First word').waitFor({ timeout: PATIENCE })
    expect(await answer.locator('.text').textContent()).toMatch(/morning/i)
    const receipt = answer.getByRole('link', { name: 'Receipt' })
    expect(await receipt.getAttribute('href')).toMatch(/^\/dashboard\/requests\/req_/)
    expect(await answer.locator('.figures').textContent()).toMatch(
      /First word.*Total.*Tokens.*Cost\$0\.00Saved\$0\.000/,
    )
    expect(await page.getByLabel('Message').inputValue()).toBe('')
    expect(complaints).toEqual([])
    await close()
  })

  test('a request that needs Claude says what is missing, and the local model can be asked in its place', async () => {
    const { page, complaints, close } = await visit(bare)
    await page.getByLabel('Message').fill(COMPLEX)
    await page.getByText('Claude has no key on this router').waitFor()
    await page.getByLabel('Message').press('Enter')
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('ANTHROPIC_API_KEY is not set')
    expect(await page.getByRole('button', { name: /Ask Claude/ }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Ask the local model the same' }).click()
    await expect.poll(() => page.getByRole('article').count()).toBe(2)
    const second = page.getByRole('article').nth(1)
    await expect.poll(() => second.locator('.text').textContent(), { timeout: PATIENCE }).not.toBe('')
    await page.keyboard.press('Escape')
    await second.getByText('Total').waitFor({ timeout: PATIENCE })
    expect(complaints).toEqual([])
    await close()
  })

  test('the same message is asked of the other side, side by side', async () => {
    const { page, close } = await visit(full)
    await send(page, 'Good morning!')
    await page.getByRole('button', { name: 'Ask Claude the same' }).click({ timeout: PATIENCE })
    const badges = page.locator('article .badge')
    await expect
      .poll(() => badges.allTextContents(), { timeout: PATIENCE })
      .toEqual(['Local model', 'Claude'])
    const [left, right] = [
      await page.locator('article').nth(0).boundingBox(),
      await page.locator('article').nth(1).boundingBox(),
    ]
    expect(left?.y).toBe(right?.y)
    await close()
  })

  test('text is text: no markup of a message or an answer becomes part of the page', async () => {
    const { page, complaints, close } = await visit(full)
    await send(page, '<img src=x onerror=alert(1)><script>alert(1)</script> Good morning!')
    await page.locator('article .figures').first().waitFor({ timeout: PATIENCE })
    expect(await page.locator('.question').textContent()).toContain('<script>alert(1)</script>')
    expect(await page.locator('main img, main script').count()).toBe(0)
    expect(complaints).toEqual([])
    await close()
  })

  test('Shift+Enter makes a new line, Escape stops, New chat begins anew', async () => {
    const { page, close } = await visit(bare)
    const field = page.getByLabel('Message')
    await field.fill('Write a very long story')
    await field.press('Shift+Enter')
    await field.pressSequentially('about a sword')
    expect(await field.inputValue()).toBe('Write a very long story\nabout a sword')
    // An answer that does not come: a real one may be over before the key is pressed.
    await page.route('**/v1/messages', () => {})
    await field.press('Enter')
    await page.getByRole('button', { name: 'Stop' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByText('stopped by you').waitFor()
    await page.getByRole('button', { name: 'New chat' }).click()
    expect(await page.getByRole('article').count()).toBe(0)
    await close()
  })

  test('code of the request can be had in three languages', async () => {
    const { page, close } = await visit(full)
    await send(page, COMPLEX)
    await page.getByText('Code', { exact: true }).first().click({ timeout: PATIENCE })
    const code = page.locator('.snippets code').first()
    expect(await code.textContent()).toContain(`curl -N '${new URL(full.url).origin}/v1/messages'`)
    await page.getByRole('button', { name: 'Python' }).click()
    expect(await code.textContent()).toContain('anthropic.Anthropic(')
    await close()
  })

  test('a router that wants a key gets one, kept in this tab only', async () => {
    const { page, complaints, close } = await visit(locked)
    const key = page.getByLabel('Key of this router')
    await key.fill('a-key-of-nobody-0123456789')
    await key.press('Tab')
    await page.getByText('does not take this key').waitFor()
    await key.fill('key-of-alice-0123456789')
    await key.press('Tab')
    await page.getByText('Strategy: hybrid').waitFor()
    await send(page, 'Good morning!')
    await page.getByText('First word').waitFor({ timeout: PATIENCE })
    const stored = await page.evaluate(
      'JSON.stringify([Object.keys(sessionStorage), Object.values(localStorage)])',
    )
    expect(stored).toBe('[["router-key"],[]]')
    await page.getByText('Code', { exact: true }).click()
    expect(await page.locator('.snippets code').textContent()).not.toContain('key-of-alice')
    expect(complaints).toEqual([])
    await close()
  })

  test.each([
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['phone', { viewport: { width: 360, height: 740 } }],
  ] as const)('%s: nothing that axe finds, nothing wider than the window', async (name, options) => {
    const { page, complaints, close } = await visit(bare, options)
    await page.getByText('Works without a key').waitFor()
    expect(await accessibilityFindings(page)).toEqual([])
    await send(page, 'Good morning!')
    await page.getByText('First word').waitFor({ timeout: PATIENCE })
    await page.getByText('Code', { exact: true }).click()
    await page.getByText('Options').click()
    await page.getByText('What would change it').click()
    expect(await accessibilityFindings(page)).toEqual([])
    expect(await sidewaysScroll(page)).toBe(0)
    await keepPicture(page, name)
    await page.goto(`${bare.url}/docs`)
    expect(await accessibilityFindings(page)).toEqual([])
    expect(await sidewaysScroll(page)).toBe(0)
    expect(complaints).toEqual([])
    await close()
  })

  test('the theme is the system’s until it is chosen, and then stays', async () => {
    const { page, close } = await visit(bare, { colorScheme: 'dark' })
    const ground = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
    const dark = await ground()
    await page.getByRole('button', { name: 'Theme: as the system' }).click()
    await page.getByRole('button', { name: 'Theme: light' }).waitFor()
    const light = await ground()
    expect(light).not.toBe(dark)
    await page.reload()
    expect(await ground()).toBe(light)
    await close()
  })
})

async function visit(
  edge: RunningProgram,
  options: Parameters<TestBrowser['open']>[1] = {},
): Promise<OpenPage> {
  const opened = await browser.open(edge.url, options)
  await opened.page.getByLabel('Message').waitFor()
  return opened
}

async function send(page: OpenPage['page'], text: string): Promise<void> {
  await page.getByLabel('Message').fill(text)
  await page.getByLabel('Message').press('Enter')
}

/** For people to look at, where `PICTURES` names a folder. */
async function keepPicture(page: OpenPage['page'], name: string): Promise<void> {
  const folder = process.env.PICTURES
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `playground-${name}.png`) })
}
