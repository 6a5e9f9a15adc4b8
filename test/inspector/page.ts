import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

/** A page in a browser, and what it complains of. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}) {
  const page = await browser.newPage(options)
  const complaints: string[] = []
  const requested: string[] = []
  page.on('console', (message) => {
    // That a server is away, or wants a token, is for the page to say, and no mistake of its own.
    const text = message.text()
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection to/.test(text)) complaints.push(text)
  })
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('request', (request) => requested.push(request.url()))
  await page.goto(url)
  return {
    page,
    complaints,
    requested,
    row: (name: string) =>
      page.getByRole('treeitem').filter({ has: page.locator('.row-name', { hasText: new RegExp(`^${name}$`) }) }),
  }
}

/** Resolves once the page needs its server for news only. */
export async function fetched(page: Page): Promise<void> {
  await page.waitForFunction(() => performance.getEntriesByName('hyphae.fetched').length > 0)
}
