import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { violations } from './axe.ts'
import { openPage } from './page.ts'
import { standIn, type StandIn } from './stand-in.ts'
import { synthetic, type Synthetic } from './synthetic.ts'

/** The page as a whole, in a real browser: what it shows, and how one gets around in it. */

describe.skipIf(noBrowser !== null)('the page', () => {
  let browser: Browser
  let fleet: Synthetic
  let server: StandIn
  beforeAll(async () => {
    browser = await launchBrowser()
    fleet = synthetic(12, 3, Date.now())
    server = await standIn(fleet, { history: fleet.records(300) })
  })
  afterAll(async () => {
    await browser.close()
    await server.end()
  })

  test('shows the fleet first: counts by phase, services with their states, what changed last', async () => {
    const { page, complaints, requested } = await openPage(browser, server.origin)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    const live = Array.from(fleet.actors.values()).filter(({ address, end }) => address !== undefined && end === undefined)
    await eventually(async () => {
      const active = live.filter(({ phase }) => phase === 'active').length
      expect(await page.locator('.phase-card-active .figure').innerText()).toBe(String(active))
    })
    // What happened before comes behind the actors, and is counted a moment later.
    await eventually(async () => {
      expect(await page.locator('.services tbody tr').count()).toBe(12)
      expect(await page.locator('.changes li').count()).toBeGreaterThan(3)
    })
    await eventually(async () => expect(await page.title()).toBe('Hyphae'))
    expect(complaints).toEqual([])
    expect(requested.filter((url) => !url.startsWith(server.origin))).toEqual([])
    await page.close()
  })

  test.each(['light', 'dark'] as const)('has no fault that axe knows of: %s', async (colorScheme) => {
    for (const [path, size] of [
      ['/', { width: 1280, height: 800 }],
      ['/#/service.web', { width: 1280, height: 800 }],
      ['/#/service.wep', { width: 1280, height: 800 }],
      ['/#/service.web', { width: 400, height: 800 }],
    ] as const) {
      const { page } = await openPage(browser, server.origin + path, { colorScheme, viewport: size })
      await page.locator('[data-id]').first().waitFor({ state: 'attached' })
      if (path === '/') {
        await page.getByRole('button', { name: 'Filter' }).click()
        await page.getByRole('button', { name: 'Menu' }).click()
      }
      if (path === '/#/service.web' && size.width > 400) await page.keyboard.press('[')
      expect(await violations(page), `${path} ${size.width}`).toEqual([])
      await page.close()
    }
  })

  test('one goes around in the tree by keys alone', async () => {
    const { page, row } = await openPage(browser, server.origin)
    await row('api').waitFor()
    const focused = () => page.evaluate<string>(`document.activeElement?.querySelector('.row-name')?.textContent`)
    await page.keyboard.press('t')
    expect(await focused()).toBe('Services')
    await page.keyboard.press('ArrowDown')
    expect(await focused()).toBe('api')
    await page.keyboard.press('ArrowDown')
    expect(await focused()).toBe('process')
    await page.keyboard.press('ArrowLeft')
    expect(await focused()).toBe('api')
    await page.keyboard.press('ArrowLeft')
    expect(await row('api').getAttribute('aria-expanded')).toBe('false')
    await page.keyboard.press('ArrowDown')
    expect(await focused()).toBe('api-1')
    await page.keyboard.press('w')
    expect(await focused()).toBe('web')
    await page.keyboard.press('End')
    expect(await focused()).toBe('Supervision')
    await page.keyboard.press('Home')
    expect(await focused()).toBe('Services')
    await page.keyboard.press('w')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'service.web' }).waitFor()
    expect(page.url()).toBe(`${server.origin}/#/service.web`)
    await eventually(async () => expect(await page.title()).toMatch(/^service\.web: \w+ · Hyphae$/))
    expect(await focused()).toBe('web')
    await page.close()
  })

  test('a search narrows the tree, and says how to go back where nothing matches', async () => {
    const { page, row } = await openPage(browser, server.origin)
    await row('api').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('mailer-1')
    await eventually(async () => expect(await page.getByRole('treeitem').count()).toBe(3))
    await page.keyboard.type('nobody')
    await page.getByText('No actor matches.').waitFor()
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    await row('api').waitFor()
    await page.close()
  })

  test('a link to nobody says so, and who is meant', async () => {
    const { page } = await openPage(browser, `${server.origin}/#/service.mailr`)
    await page.getByRole('heading', { name: 'There is no service.mailr' }).waitFor()
    await page.getByRole('link', { name: 'service.mailer' }).click()
    await page.getByRole('heading', { name: 'service.mailer' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'There is no service.mailr' }).waitFor()
    expect(page.url()).toBe(`${server.origin}/#/service.mailr`)
    await page.close()
  })

  test('a part without an address has a link, too', async () => {
    const part = Array.from(fleet.actors.values()).find(({ logic }) => logic === 'callback')
    const { page } = await openPage(browser, `${server.origin}/#/${part?.id ?? ''}`)
    await page.locator('#actor-name').waitFor()
    await eventually(async () => expect(await page.locator('#actor-name').innerText()).toBe(`process.web › liveness`))
    await page.close()
  })

  test('who ends while one looks is struck through', async () => {
    const { page } = await openPage(browser, server.origin, { viewport: { width: 1280, height: 1600 } })
    const rows = page.locator('.row-name-ended')
    await page.locator('[data-id]').first().waitFor()
    const id = 'x:late'
    const actor = {
      id,
      address: 'program.late',
      since: Date.now(),
      events: 0,
      chart: 'synthetic1',
      phase: 'active' as const,
      state: 'running',
    }
    const before = await rows.count()
    const next = fleet.seq
    server.tell([{ type: 'actor', seq: next + 1, at: Date.now(), actor }])
    await page.locator(`[data-id="${id}"]`).waitFor()
    server.tell([{ type: 'ended', seq: next + 2, at: Date.now(), actor: { ...actor, end: 'done' } }])
    await page.locator(`[data-id="${id}"] .row-name-ended`).waitFor()
    expect(await rows.count()).toBe(before + 1)
    expect(
      await page.evaluate(`getComputedStyle(document.querySelector('[data-id="${id}"] .row-name')).textDecorationLine`),
    ).toBe('line-through')
    await page.close()
  })

  test('on a telephone it is the tree, then the actor, and back', async () => {
    const { page, row } = await openPage(browser, server.origin, { viewport: { width: 400, height: 800 } })
    await row('api').click()
    await page.getByRole('heading', { name: 'service.api' }).waitFor()
    await eventually(async () => expect(await page.getByRole('tree', { name: 'Actors' }).isVisible()).toBe(false))
    await page.getByRole('button', { name: 'Back', exact: true }).click()
    await row('api').waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400)
    await page.close()
  })

  test('an orchestrator without services is told how to get one', async () => {
    const empty = await standIn(synthetic(0))
    const { page } = await openPage(browser, empty.origin)
    await page.getByRole('heading', { name: 'No services yet' }).waitFor()
    await eventually(async () => expect(await page.locator('main').innerText()).toContain('supervisor.services'))
    await page.close()
    await empty.end()
  })

  test('the keys are told, in a dialog that gives the focus back', async () => {
    const { page, row } = await openPage(browser, server.origin)
    await row('api').waitFor()
    await page.keyboard.press('t')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await eventually(async () => expect(await page.getByRole('dialog').count()).toBe(0))
    await eventually(async () => expect(await page.evaluate(`document.activeElement.getAttribute('role')`)).toBe('treeitem'))
    await page.close()
  })

  test('a theme that was chosen stays', async () => {
    const { page } = await openPage(browser, server.origin)
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('radio', { name: 'dark' }).check()
    await page.reload()
    await eventually(async () =>
      expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('dark'),
    )
    await page.close()
  })
})
