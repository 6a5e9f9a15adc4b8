import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { fleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { fetched } from './page.ts'

/**
 * What somebody does who watches a fleet: real programs, the real page, a real browser. `HYPHAE_PICTURES=docs/pictures` has it write
 * the picture of the README.
 */

const config = `
state: .hyphae
supervisor:
  restart: { delay: 4000, max_delay: 4000, jitter: 0, max_restarts: unlimited }
  services:
    db: { command: sh, args: [-c, 'echo ready; exec sleep 1000'], restart_policy: always }
    web: { command: sh, args: [-c, 'echo listening; exec sleep 1000'], restart_policy: always, depends_on: { db: started } }
    worker: { command: sh, args: [-c, 'exec sleep 1000'], restart_policy: always }
`

/** A small shop, for the picture. */
const shop = `
state: .hyphae
supervisor:
  restart: { delay: 8000, max_delay: 8000, jitter: 0, max_restarts: 10 }
  services:
    migrate: { command: sh, args: [-c, 'sleep 0.3'], one_shot: true }
    postgres: { command: sh, args: [-c, 'echo ready; exec sleep 1000'], restart_policy: always, depends_on: { migrate: completed } }
    catalog: { command: sh, args: [-c, 'exec sleep 1000'], restart_policy: always, depends_on: { postgres: started } }
    checkout: { command: sh, args: [-c, 'exec sleep 1000'], restart_policy: always, depends_on: { postgres: started } }
    storefront: { command: sh, args: [-c, 'exec sleep 1000'], restart_policy: always, depends_on: { catalog: started } }
    mailer: { command: sh, args: [-c, 'exec sleep 1000'], restart_policy: always }
`

let browser: Browser
let place: ReturnType<typeof fleetFolder> | undefined
beforeAll(async () => {
  if (noBrowser === null) browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
})
afterEach(async () => {
  await place?.end()
  place = undefined
})

interface Visit {
  readonly page: Page
  /** What went wrong on the page, and what it asked of others. */
  readonly complaints: string[]
}

async function visit(url: string, scheme: 'light' | 'dark' = 'light'): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: scheme, acceptDownloads: true })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (new URL(request.url()).host !== new URL(url).host && !request.url().startsWith('blob:')) complaints.push(request.url())
  })
  await page.goto(url)
  return { page, complaints }
}

/** The name of the state that is lit on the chart, nested ones after those around them. */
const lit = (page: Page): Promise<string[]> =>
  page.locator('svg .chart-words.is-active').evaluateAll((found) => found.map((one) => one.getAttribute('data-node') ?? ''))

const endsIn = async (page: Page, state: string): Promise<void> =>
  eventually(async () => expect((await lit(page)).map((id) => id.split('.').at(-1))).toContain(state))

const treeRow = (page: Page, name: string): Locator => page.getByRole('treeitem', { name: new RegExp(`\\b${name}\\b`) }).first()

async function placeOf(one: ReturnType<typeof fleetFolder>): Promise<string> {
  const { out } = await one.run(['status', '--json'])
  const { listeners } = JSON.parse(out) as { listeners: Array<{ name: string; address: string }> }
  return `http://${listeners.find(({ name }) => name === 'http')?.address ?? ''}/`
}

async function started(): Promise<{ readonly url: string; pid(service: string): Promise<number> }> {
  place = fleetFolder(config)
  const one = place
  await one.up()
  return {
    url: await placeOf(one),
    async pid(service) {
      return (await one.status(service)).pid ?? 0
    },
  }
}

describe.skipIf(noBrowser !== null)('the inspector, on real programs', () => {
  test(
    'shows a crash, the backoff and the respawn on the chart, and RESTART makes a new process',
    { timeout: 90_000 },
    async () => {
      const fleet = await started()
      const { page, complaints } = await visit(fleet.url)
      await treeRow(page, 'web').click()
      await expect.poll(() => page.url()).toContain('#/service.web')
      await endsIn(page, 'healthy')

      const first = await fleet.pid('web')
      process.kill(first, 'SIGKILL')
      await endsIn(page, 'backingOff')
      await page
        .getByText(/SIGKILL/)
        .first()
        .waitFor()
      await endsIn(page, 'healthy')
      const second = await fleet.pid('web')
      expect(second).not.toBe(first)

      await page.getByRole('button', { name: 'RESTART', exact: true }).click()
      await eventually(async () => expect([0, first, second]).not.toContain(await fleet.pid('web')))
      await endsIn(page, 'healthy')
      expect(complaints).toEqual([])
    },
  )

  test('goes back in time, is exported, and is opened again where there is no server', { timeout: 90_000 }, async () => {
    const fleet = await started()
    const { page, complaints } = await visit(`${fleet.url}#/service.web`)
    await endsIn(page, 'healthy')
    process.kill(await fleet.pid('web'), 'SIGKILL')
    await endsIn(page, 'backingOff')
    await endsIn(page, 'healthy')

    // Back to where it had just crashed, record by record.
    const back = page.getByRole('button', { name: 'One record back' })
    for (let steps = 0; steps < 200; steps++) {
      if ((await lit(page)).some((id) => id.endsWith('backingOff'))) break
      await back.click()
    }
    await endsIn(page, 'backingOff')
    await expect
      .poll(() =>
        page
          .getByRole('button', { name: 'RESTART', exact: true })
          .isEnabled()
          .catch(() => false),
      )
      .toBe(false)
    await page.getByRole('button', { name: 'Back to live' }).click()
    await endsIn(page, 'healthy')

    await page.getByRole('button', { name: 'Menu' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export recording' }).click(),
    ])
    const file = join(place?.cwd ?? '', 'recording.json')
    await download.saveAs(file)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ format: 'hyphae.recording', version: 1 })
    expect(complaints).toEqual([])

    // The page stays; its server goes.
    await fetched(page)
    await place?.run(['down'])
    await page
      .getByText(/connection (was )?lost|nobody answers|trying again/i)
      .first()
      .waitFor()
    await page.getByLabel('Recording to open').setInputFiles(file)
    await endsIn(page, 'healthy')
    const again = page.getByRole('button', { name: 'One record back' })
    for (let steps = 0; steps < 400; steps++) {
      if ((await lit(page)).some((id) => id.endsWith('backingOff'))) break
      await again.click()
    }
    await endsIn(page, 'backingOff')
  })

  test('has a picture', { timeout: 90_000 }, async () => {
    place = fleetFolder(shop)
    await place.run(['up', '-d'])
    const url = await placeOf(place)
    const { page, complaints } = await visit(`${url}#/service.checkout`)
    await endsIn(page, 'healthy')
    await page.getByRole('tab', { name: 'Events' }).click()
    process.kill((await place.status('checkout')).pid ?? 0, 'SIGKILL')
    await endsIn(page, 'backingOff')
    // What is in the picture: the edge that fired, why, and the banner.
    await page.locator('.chart-label.is-fired').first().waitFor()
    await page.locator('.banner').getByText('checkout has crashed').waitFor()
    await page.locator('.actor-reason', { hasText: 'SIGKILL' }).waitFor()
    const folder = process.env['HYPHAE_PICTURES'] ?? join(place.cwd, 'pictures')
    mkdirSync(folder, { recursive: true })
    // A message goes by itself, an animation ends.
    await eventually(async () =>
      expect(await page.evaluate(() => document.getAnimations().every(({ playState }) => playState === 'finished'))).toBe(true),
    )
    await page.screenshot({ path: resolve(folder, 'inspector.png') })
    expect(complaints).toEqual([])
  })
})
