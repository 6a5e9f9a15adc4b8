import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { httpFleet, type HttpFleet } from '../support/http.ts'
import { specOf } from '../support/specs.ts'
import { violations } from './axe.ts'
import { openPage } from './page.ts'
import { standIn } from './stand-in.ts'
import { synthetic } from './synthetic.ts'

/** The whole page, of a real fleet: for axe, by keys alone, and with little motion. */

const services = [
  specOf({ name: 'web', command: '/bin/sh', args: ['-c', 'echo listening; exec sleep 1000'] }),
  specOf({ name: 'api', command: '/bin/sleep', args: ['1000'], dependsOn: [{ service: 'web', condition: 'started' }] }),
]

describe.skipIf(noBrowser !== null)('for everybody', () => {
  let browser: Browser
  let fleet: HttpFleet
  beforeAll(async () => {
    ;[browser, fleet] = await Promise.all([launchBrowser(), httpFleet({ services })])
    await fleet.until('api', 'healthy')
  })
  afterAll(async () => {
    await browser.close()
    await fleet.end()
  })
  const drawn = (page: Page) => page.locator('.chart-words.is-active').first().waitFor({ state: 'attached' })
  const wide = { width: 1280, height: 800 }

  test.each(['light', 'dark'] as const)('axe finds nothing: %s', { timeout: 120_000 }, async (colorScheme) => {
    const { page, complaints } = await openPage(browser, fleet.origin, { colorScheme, viewport: wide, reducedMotion: 'reduce' })
    const clean = async (where: string): Promise<void> => expect(await violations(page), where).toEqual([])
    await page.getByRole('heading', { name: 'What changed last' }).waitFor()
    await clean('overview')
    await page.goto(`${fleet.origin}/#/service.web`)
    await drawn(page)
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click()
      await page.getByRole('tabpanel').locator('*').first().waitFor()
      await clean(`tab ${await tab.innerText()}`)
    }
    await page.getByRole('button', { name: 'STOP', exact: true }).click()
    await page.getByRole('dialog', { name: 'STOP service.web?' }).waitFor()
    await clean('question')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await clean('keys')
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 400, height: 800 })
    await clean('narrow')
    await page.keyboard.press('[')
    await page.getByRole('button', { name: 'Back to live' }).waitFor()
    await clean('past, narrow')
    await page.setViewportSize(wide)
    await clean('past')
    expect(complaints).toEqual([])
    await page.close()
    const asking = await standIn(synthetic(1), { token: 'secret' })
    const login = await openPage(browser, asking.origin, { colorScheme, viewport: { width: 400, height: 800 } })
    await login.page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await violations(login.page), 'login').toEqual([])
    await login.page.close()
    await asking.end()
  })

  test('every control is reached by Tab, and is seen to be', async () => {
    const { page } = await openPage(browser, `${fleet.origin}/#/service.web`, { viewport: wide })
    await drawn(page)
    await page.getByRole('button', { name: 'STOP', exact: true }).waitFor()
    const reached = new Set<string>()
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab')
      const { name, outline } = await page.evaluate(() => {
        const at = document.activeElement
        const words = at?.getAttribute('aria-label') ?? at?.textContent ?? ''
        const style = at === null ? undefined : getComputedStyle(at)
        return {
          name: at === document.body ? '' : words.trim(),
          outline: style?.outlineStyle !== 'none' && style?.outlineWidth !== '0px',
        }
      })
      if (name === '') break
      expect(outline, name).toBe(true)
      reached.add(name)
    }
    for (const name of [
      'Menu',
      'STOP',
      'RESTART',
      'Custom restart…',
      'Fit',
      'Follow',
      'Height of the chart',
      'Context',
      'Moment',
    ])
      expect([...reached]).toContain(name)
    await page.close()
  })

  test('the height of the chart is set by keys and by hand, and stays', async () => {
    const { page } = await openPage(browser, `${fleet.origin}/#/service.web`, { viewport: wide })
    await drawn(page)
    const height = async (): Promise<number> => (await page.locator('#chart-box').boundingBox())?.height ?? 0
    const line = page.getByRole('separator', { name: 'Height of the chart' })
    const first = await height()
    await line.focus()
    await page.keyboard.press('Home')
    await eventually(async () => expect(await height()).toBeLessThan(first / 2))
    expect(await line.getAttribute('aria-valuenow')).toBe(await line.getAttribute('aria-valuemin'))
    await page.keyboard.press('Enter')
    await eventually(async () => expect(await height()).toBeCloseTo(first, 0))
    await line.hover()
    await page.mouse.down()
    await page.mouse.move(800, 400, { steps: 3 })
    await page.mouse.up()
    await eventually(async () => expect(await height()).toBeLessThan(first - 40))
    const put = await height()
    await page.reload()
    await drawn(page)
    expect(await height()).toBeCloseTo(put, 0)
    await page.close()
  })

  test('what is told of a dialog holds: its keys do not act on the page behind it', async () => {
    const { page } = await openPage(browser, `${fleet.origin}/#/service.web`, { viewport: wide })
    await drawn(page)
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('[')
    await page.keyboard.press('Escape')
    await eventually(async () => expect(await page.getByRole('dialog').count()).toBe(0))
    expect(await page.getByRole('button', { name: 'Back to live' }).count()).toBe(0)
    // A slider takes no text.
    await page.getByRole('slider', { name: 'Moment' }).focus()
    await page.keyboard.press('[')
    await page.getByRole('button', { name: 'Back to live' }).waitFor()
    await page.close()
  })

  test('nothing moves by itself where less motion is wanted', async () => {
    const { page } = await openPage(browser, `${fleet.origin}/#/service.web`, { viewport: wide, reducedMotion: 'reduce' })
    await drawn(page)
    await page.getByRole('button', { name: 'Fit' }).click()
    await page.getByRole('tab', { name: 'Events' }).click()
    expect(await page.evaluate('document.getAnimations().length')).toBe(0)
    await page.close()
  })
})
