import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import { builtView } from '../support/view-pages.ts'
import { policy } from './stand-in.ts'

/** A page with views alone, as it was built before all tests, served in place of what a server has at /views/. */

const types: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', css: 'text/css' }

/** `at`: whose place it takes; without one nobody answers it anything else. */
export async function openViews(
  browser: Browser,
  at = 'http://views.test',
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 }, ...options })
  page.setDefaultTimeout(15_000)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && message.text().includes('Content Security Policy')) faults.push(message.text())
  })
  page.on('close', () => expect(faults).toEqual([]))
  await page.route(`${at}/views/**`, async (route) => {
    const name = new URL(route.request().url()).pathname.replace('/views/', '') || 'index.html'
    const body = await readFile(join(builtView('panels-page'), name)).catch(() => null)
    if (body === null) return route.fulfill({ status: 404 })
    return route.fulfill({
      contentType: types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      headers: { 'content-security-policy': policy },
      body,
    })
  })
  await page.goto(`${at}/views/`)
  await page.waitForFunction(() => 'harness' in globalThis)
  return page
}

/** Calls something of the page's harness: `me`, `fake.answer`. */
export const tell = (page: Page, what: string, ...args: readonly unknown[]): Promise<unknown> =>
  page.evaluate(
    ([path, given]) => {
      const { harness } = globalThis as unknown as { harness: Record<string, unknown> }
      const [first = '', second] = path.split('.')
      const owner = second === undefined ? harness : (harness[first] as Record<string, unknown>)
      return (owner[second ?? first] as (...all: readonly unknown[]) => unknown)(...given)
    },
    [what, args] as const,
  )

/** What the fake client was asked so far, of one command. */
export const askedOf = (page: Page, name: string): Promise<unknown[]> =>
  page.evaluate((wanted) => {
    const { harness } = globalThis as unknown as { harness: { fake: { asked: Array<{ name: string; input: unknown }> } } }
    return harness.fake.asked.filter((one) => one.name === wanted).map(({ input }) => input)
  }, name)
