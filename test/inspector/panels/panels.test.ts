import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchBrowser, noBrowser } from '../../support/chromium.ts'
import { eventually } from '../../support/eventually.ts'
import { violations } from '../axe.ts'
import { askedOf, openViews, tell } from '../panels-page.ts'

/** What is shown of an actor, from literals, in a real browser. */

const row = { id: 'x:1', address: 'service.web', chart: 'c', state: 'healthy', since: 1, events: 0 }
const everything = ['actor.send', 'logs.read', 'logs.follow', 'system.reload', 'system.lockdown', 'system.switch_mode']

describe.skipIf(noBrowser !== null)('panels', () => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    page = await openViews(browser)
    await tell(page, 'me', 'admin', everything)
    await tell(page, 'useFake')
  })
  afterEach(() => page.close())
  const shot = (name: string) =>
    process.env['SHOTS'] === undefined
      ? Promise.resolve()
      : page.screenshot({ path: `${process.env['SHOTS']}/${name}.png`, fullPage: true })

  describe('context', () => {
    const context = {
      restartCount: 2,
      because: 'asked',
      html: '<b>x</b>',
      none: null,
      on: true,
      nested: { deep: { pid: 4711 }, list: [1, 2, 3], 'a/b': 1 },
    }
    beforeEach(async () => {
      await tell(page, 'show', 'context')
      await tell(page, 'row', row)
      await tell(page, 'context', { state: 'known', context })
    })
    const names = () => page.locator('.ctx-name').allTextContents()
    const focused = () => page.evaluate('document.activeElement.querySelector(".ctx-name")?.textContent')

    test('a tree for the keyboard', async () => {
      await page.getByRole('treeitem').first().focus()
      for (const key of ['End', 'ArrowRight', 'ArrowDown', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key)
      await eventually(async () => expect(await focused()).toBe('pid'))
      expect(await names()).toEqual(['restartCount', 'because', 'html', 'none', 'on', 'nested', 'deep', 'pid', 'list', 'a/b'])
      await page.keyboard.press('ArrowLeft')
      await eventually(async () => expect(await focused()).toBe('deep'))
      await page.keyboard.press('ArrowLeft')
      await page.keyboard.press('ArrowLeft')
      await eventually(async () => expect(await focused()).toBe('nested'))
      await page.keyboard.press('Enter')
      await eventually(async () => expect(await names()).toHaveLength(6))
      expect(await violations(page)).toEqual([])
    })

    test('search opens what it finds', async () => {
      await page.getByLabel('Search in the context').fill('4711')
      await page.getByText('1 found').waitFor()
      expect(await names()).toEqual(['restartCount', 'because', 'html', 'none', 'on', 'nested', 'deep', 'pid', 'list', 'a/b'])
    })

    test.each(['light', 'dark'] as const)('what the last step changed, before and after (%s)', async (colorScheme) => {
      await page.emulateMedia({ colorScheme })
      const step = { type: 'step', seq: 1, at: 1, actor: row.id, event: 'X', edges: [], was: { since: 1 }, is: { since: 1 } }
      await tell(page, 'step', row.id, { ...step, changes: { restartCount: [1, 2] } })
      await eventually(async () => expect(await page.locator('.ctx-changed').allTextContents()).toEqual(['restartCount: 1 → 2']))
      expect(await violations(page)).toEqual([])
      await shot(`context-${colorScheme}`)
    })

    test('where the browser has no clipboard for a page without TLS, it says so', async () => {
      expect(await page.evaluate('navigator.clipboard === undefined')).toBe(true)
      await page.getByRole('button', { name: 'Copy all' }).click()
      await eventually(async () =>
        expect(await page.evaluate('harness.said')).toEqual(['This browser does not let the page copy.']),
      )
    })

    test('what is not known says why', async () => {
      await tell(page, 'context', { state: 'unknown', why: 'it is gone' })
      await eventually(async () =>
        expect(await page.locator('.ctx-why').textContent()).toBe('Its context is not known: it is gone'),
      )
    })
  })

  test.each([
    ['success', 'light'],
    ['error', 'dark'],
    ['warning', 'light'],
    ['info', 'dark'],
  ] as const)('a banner of type %s (%s)', async (type, colorScheme) => {
    await page.emulateMedia({ colorScheme })
    await tell(page, 'others', [row])
    await tell(page, 'show', 'banner')
    const banner = {
      type,
      title: 'Restarting web',
      message: 'stop: done',
      text: '',
      since: '',
      countdown_seconds: 12,
      about: 'service.web',
    }
    await tell(page, 'fake.tell', 'system.banner_follow', banner)
    const bar = page.locator(`.banner-${type}`)
    await bar.waitFor()
    expect(await bar.textContent()).toBe('Restarting webstop: done12 sservice.web')
    expect(await violations(page)).toEqual([])
    await bar.getByRole('link', { name: 'service.web' }).click()
    expect(await page.evaluate('harness.said')).toEqual(['selected x:1'])
  })

  test('usage is looked at while the page is seen, and not while it is not', async () => {
    const status = { cpu_percent: 12.34, memory_mb: 56.7, memory_limit: { mb: 2048, by: 'kernel' } }
    await tell(page, 'fake.answer', 'system.status', { output: { services: { web: status } } })
    await page.clock.install({ time: 0 })
    await page.clock.pauseAt(1_000)
    await tell(page, 'row', row)
    await tell(page, 'show', 'usage', 'line')
    await page.clock.runFor(500)
    const looks = async () => (await askedOf(page, 'system.status')).length
    await eventually(async () => expect(await looks()).toBe(1))
    expect((await askedOf(page, 'system.status'))[0]).toEqual({ services: ['web'] })
    await tell(page, 'fake.answer', 'system.status', { output: { services: { web: { ...status, cpu_percent: 3 } } } })
    for (let turn = 2; turn < 6; turn++) {
      await page.clock.runFor(2_000)
      await eventually(async () => expect(await looks()).toBe(turn))
    }
    await page.getByText('least 3.0 % · most 12 %').waitFor()
    await page.getByText('its limit is 2.00 GB').waitFor()
    await page.evaluate('Object.defineProperty(document, "hidden", { get: () => true, configurable: true })')
    await page.clock.runFor(10_000)
    expect(await looks()).toBe(5)
    await page.evaluate('delete document.hidden')
    await page.clock.runFor(2_000)
    await eventually(async () => expect(await looks()).toBe(6))
    await tell(page, 'show')
    await page.clock.runFor(10_000)
    expect(await looks()).toBe(6)
    await tell(page, 'show', 'usage', 'line')
    await page.clock.resume()
    await page.getByText('its limit is 2.00 GB').waitFor()
    expect(await violations(page)).toEqual([])
    await shot('usage')
  })

  test('100,000 lines of a log are kept, and some are drawn', async () => {
    await tell(page, 'row', row)
    await tell(page, 'show', 'logs')
    await page.evaluate(`for (let n = 0; n < 101000; n++) harness.fake.tell('logs.follow', {
      service: 'web', line: n % 1000 === 0 ? 'x'.repeat(5000) : 'line ' + n, truncated: false, time: null, offset: n * 10 })`)
    await page.getByText('line 100999', { exact: true }).waitFor()
    const drawn = await page.locator('.log-line').count()
    expect(drawn).toBeLessThan(120)
    await page.getByRole('log').evaluate((element) => ((element as unknown as { scrollTop: number }).scrollTop = 0))
    await page.getByText('line 1001', { exact: true }).waitFor()
    // At its beginning it stays where it is read, whatever comes.
    await tell(page, 'fake.tell', 'logs.follow', { service: 'web', line: 'newest', truncated: false, time: null, offset: 2e6 })
    await page.getByRole('button', { name: '↓ To the end' }).click()
    await page.getByText('newest').waitFor()
    await page.getByLabel('Search in the log').fill('line 50500')
    await page.locator('mark').waitFor()
    expect(await page.getByRole('status').filter({ hasText: '1 of 1' }).count()).toBe(1)
  })

  test('what may be done with the fleet asks first', async () => {
    await tell(page, 'show', 'fleet')
    const mode = (name: string, services: readonly string[]) => ({ name, description: null, services })
    await tell(page, 'fake.answer', 'system.mode', {
      output: { mode: 'a', modes: [mode('a', ['x', 'y']), mode('b', ['y', 'z'])] },
    })
    await tell(page, 'fake.answer', 'system.switch_mode', { output: {} })
    await page.getByRole('button', { name: 'Switch mode…' }).click()
    await page.getByLabel('b', { exact: true }).check()
    await page.getByText('Stops: x. Starts: z.').waitFor()
    expect(await violations(page)).toEqual([])
    expect(await askedOf(page, 'system.switch_mode')).toEqual([])
    await page.getByRole('button', { name: 'Switch', exact: true }).click()
    await eventually(async () => expect(await askedOf(page, 'system.switch_mode')).toEqual([{ mode: 'b', wait: false }]))
    const answer = {
      config: '/x.yaml',
      changes: [{ service: 'web', change: 'changed', fields: ['args'] }],
      groups: [],
      because: '1 changed',
      warnings: [],
    }
    await tell(page, 'fake.answer', 'system.reload', { output: answer })
    await page.getByRole('button', { name: 'Reload config…' }).click()
    await page.getByText('service.web changed: args').waitFor()
    expect(await askedOf(page, 'system.reload')).toEqual([{ dry_run: true }])
    await page.getByRole('button', { name: 'Reload', exact: true }).click()
    await eventually(async () => expect(await askedOf(page, 'system.reload')).toEqual([{ dry_run: true }, {}]))
    await tell(page, 'me', 'viewer', [])
    await eventually(async () => expect(await page.getByRole('button').count()).toBe(0))
  })
})
