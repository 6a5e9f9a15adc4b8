import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import type { Said, ViewsInPage, Which } from './chart-page/said.ts'
import { launchBrowser } from '../support/chromium.ts'
import { builtView } from '../support/view-pages.ts'
import { policy } from './stand-in.ts'

/** Views of the inspector in a real browser, without a server: built as the page is, under the policy that it is served with. */

const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

export interface Views {
  readonly page: Page
  show(view: Which, said: Said): Promise<void>
  more(said: Partial<Said>): Promise<void>
  append(records: Said['records']): Promise<void>
  moment(): Promise<number | null>
  /** What the page complained of. */
  readonly complaints: readonly string[]
}

export interface ViewsPage {
  open(options?: {
    readonly dark?: boolean
    readonly width?: number
    readonly height?: number
    readonly still?: boolean
  }): Promise<Views>
  /** Closes what was opened: a page that nobody looks at any more still works. */
  clear(): Promise<void>
  close(): Promise<void>
}

export async function buildViews(): Promise<ViewsPage> {
  const made = builtView('chart-page')
  const browser: Browser = await launchBrowser()
  return {
    async open({ dark = false, width = 1280, height = 800, still = true } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: dark ? 'dark' : 'light',
        reducedMotion: still ? 'reduce' : 'no-preference',
      })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(error.message))
      await page.route('**/*', async (route) => {
        const { pathname } = new URL(route.request().url())
        const file = pathname === '/' ? '/index.html' : pathname
        const body = await readFile(join(made, file)).catch(() => null)
        if (body === null) return route.fulfill({ status: 404 })
        return route.fulfill({
          body,
          headers: { 'content-type': types[extname(file)] ?? 'application/octet-stream', 'content-security-policy': policy },
        })
      })
      await page.goto('http://views.test/')
      await page.waitForFunction(() => 'views' in globalThis)
      type Global = { readonly views: ViewsInPage }
      return {
        page,
        complaints,
        show: (view, said) =>
          page.evaluate(([view, said]) => (globalThis as unknown as Global).views.show(view, said), [view, said] as const),
        more: (said) => page.evaluate((said) => (globalThis as unknown as Global).views.more(said), said),
        append: (records) => page.evaluate((records) => (globalThis as unknown as Global).views.append(records), records),
        moment: () => page.evaluate(() => (globalThis as unknown as Global).views.moment()),
      }
    },
    async clear() {
      await Promise.all(browser.contexts().map((context) => context.close()))
    },
    close: () => browser.close(),
  }
}
