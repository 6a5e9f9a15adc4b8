import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { dashboardFleet, type DashboardFleet } from '../support/dashboard.ts'
import { specOf } from '../support/specs.ts'
import { standInDashboardPage, type PageErrand } from '../support/stand-in-dashboard-page.ts'

/** A page that does what the original's does, against a real orchestrator: from Node, and from its own origin in a browser. */

const tunnel = specOf({ name: 'magictunnel', command: '/bin/sleep', args: ['1000'] })
const times = { before: 10, between: 50, reload: 10 }

let fleet: DashboardFleet
afterEach(() => fleet.end())
const start = async (): Promise<void> => {
  fleet = await dashboardFleet({
    services: [specOf({ name: 'web', command: '/bin/sleep', args: ['1000'] }), tunnel],
    defaultService: 'magictunnel',
  })
  await fleet.until('magictunnel', 'healthy')
}
const errand = (more: Pick<PageErrand, 'path' | 'body'>): PageErrand => ({ api: `${fleet.origin}/dashboard/api`, times, ...more })

describe('the page', () => {
  test.each([
    ['a restart', { path: 'system/restart' }],
    ['a custom restart', { path: 'system/custom-restart', body: { start_args: ['999'] } }],
  ] as const)('%s', async (_, given) => {
    await start()
    const { pid } = fleet.status('magictunnel')
    expect(await standInDashboardPage(errand(given))).toEqual({
      banners: ['restarting: 30', 'success: Restart Complete'],
      reloaded: true,
      mode: 'proxy',
    })
    expect(fleet.status('magictunnel').pid).not.toBe(pid)
  })

  test('what is refused or fails is shown as that', async () => {
    await start()
    const failed = { banners: ['restarting: 30', 'error: Restart Failed'], reloaded: false, mode: null }
    const unsafe = { command_type: 'shell', command: 'rm -rf x', is_safe: true }
    expect(await standInDashboardPage(errand({ path: 'system/custom-restart', body: { pre_commands: [unsafe] } }))).toEqual(
      failed,
    )
    expect(await standInDashboardPage(errand({ path: 'system/restart', body: { service: 'nope' } }))).toEqual(failed)
    expect(await standInDashboardPage(errand({ path: 'system/switch-mode', body: { mode: 'x' } }))).toEqual({
      banners: ['switching: 30', 'error: Mode Switch Failed'],
      reloaded: false,
      mode: null,
    })
  })

  test('a supervisor that is not there ends in a timeout', async () => {
    await start()
    const gone = { ...errand({ path: 'system/restart' }), api: 'http://127.0.0.1:1/dashboard/api' }
    expect(await standInDashboardPage(gone)).toMatchObject({ banners: ['restarting: 30', 'error: Restart Timeout'] })
  })
})

describe.skipIf(noBrowser !== null)('the page in a browser', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())

  async function pageOf(origin: string): Promise<Page> {
    const page = await browser.newPage()
    await page.route(`${origin}/dashboard`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
    await page.goto(`${origin}/dashboard`)
    return page
  }

  test('from where the original serves it, and from nowhere else', async () => {
    await start()
    const { pid } = fleet.status('magictunnel')
    const own = await pageOf('http://localhost:5173')
    expect(await own.evaluate(standInDashboardPage, errand({ path: 'system/restart', body: {} }))).toEqual({
      banners: ['restarting: 30', 'success: Restart Complete'],
      reloaded: true,
      mode: 'proxy',
    })
    const after = fleet.status('magictunnel').pid
    expect(after).not.toBe(pid)
    const foreign = await pageOf('http://evil.example')
    expect(await foreign.evaluate(standInDashboardPage, errand({ path: 'system/restart', body: {} }))).toMatchObject({
      reloaded: false,
    })
    expect(fleet.status('magictunnel').pid).toBe(after)
  })
})
