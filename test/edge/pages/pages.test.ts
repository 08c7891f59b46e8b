/** The pages as they come from the server: who gets which, and under what policy. */
import { expect, test } from 'vitest'
import { createTestRouter } from '../../support/edge/router.ts'

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

test.each([
  [BROWSER, 'text/html'],
  [{ accept: 'application/json' }, 'application/json'],
  [{ accept: '*/*' }, 'application/json'],
  [{ accept: 'application/json, text/html;q=0.5' }, 'application/json'],
  [{}, 'application/json'],
])('answers %o at / with %s', async (headers, type) => {
  const response = await (await createTestRouter()).request('/', { headers })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain(type)
  expect(response.headers.get('vary')).toBe('accept')
})

test.each(['/', '/docs'])('%s runs nothing that is not ours, in no frame', async (path) => {
  const response = await (await createTestRouter()).request(path, { headers: BROWSER })
  const policy = response.headers.get('content-security-policy')?.split('; ')
  expect(policy).toEqual(
    expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'"]),
  )
  expect(policy).toContain("frame-ancestors 'none'")
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  const html = await response.text()
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=/)
  expect(html).toContain('href="/assets/pages.css"')
})

test('says that the pages are not built where there is nothing to load', async () => {
  for (const readAsset of [
    async () => new Response(null, { status: 404 }),
    async () => Response.json(['not names']),
    () => Promise.reject(new Error('no binding')),
  ]) {
    const router = await createTestRouter({}, { readAsset })
    const response = await router.request('/docs')
    expect(response.status).toBe(503)
    expect(await response.text()).toContain('The pages are not built')
    expect((await router.request('/')).status).toBe(200)
  }
})

test('the documentation names every endpoint and escapes what it shows', async () => {
  const router = await createTestRouter()
  const html = await (await router.request('/docs')).text()
  const { paths } = JSON.parse(await (await router.request('/openapi.json')).text())
  for (const path of Object.keys(paths)) expect(html).toContain(`<code>${path}</code>`)
})
