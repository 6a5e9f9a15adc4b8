import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { openPage } from './page.ts'
import { standIn } from './stand-in.ts'
import { synthetic } from './synthetic.ts'

/** How the page is connected: lost and found again, another run, and who one is. */

describe.skipIf(noBrowser !== null)('the connection', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())

  const eventsOf = async (page: Awaited<ReturnType<typeof openPage>>['page']): Promise<number> =>
    Number.parseInt((await page.locator('.actor-facts').innerText()).match(/(\d+) events?/)?.[1] ?? '', 10)

  test('what happens is shown as it happens; what happened while it was lost is shown after that, and nothing twice', async () => {
    const fleet = synthetic(3, 5, Date.now())
    const server = await standIn(fleet)
    const { page, complaints } = await openPage(browser, `${server.origin}/#/service.web`)
    await page.getByRole('heading', { name: 'service.web' }).waitFor()
    const now = (): number => Array.from(fleet.actors.values()).find(({ address }) => address === 'service.web')?.events ?? -1
    server.tell(fleet.records(200))
    await eventually(async () => expect(await eventsOf(page)).toBe(now()))
    server.lose(false)
    await page.getByText('connection lost').waitFor()
    await page.getByText(/trying again in \d+ s/).waitFor()
    await eventually(async () => expect(await page.locator('.time-now').innerText()).toBe('last known'))
    expect(await eventsOf(page)).toBe(now())
    server.tell(fleet.records(200))
    server.takeMore()
    await page.getByText('The connection is live again.').waitFor()
    await eventually(async () => expect(await eventsOf(page)).toBe(now()))
    expect(complaints).toEqual([])
    await page.close()
    await server.end()
  })

  test('another run begins anew, and it says so; who is looked at stays, by the address', async () => {
    const server = await standIn(synthetic(3, 5))
    const { page } = await openPage(browser, `${server.origin}/#/service.api`)
    await page.getByRole('heading', { name: 'service.api' }).waitFor()
    server.anotherRun()
    server.lose()
    await page.getByText('The orchestrator has started anew.').waitFor()
    await eventually(async () =>
      expect(await page.getByRole('heading', { level: 2, name: 'service' }).innerText()).toBe('service.api'),
    )
    await page.close()
    await server.end()
  })

  test('where a token is wanted it asks for one, says when it is wrong, and keeps it for the tab alone', async () => {
    const server = await standIn(synthetic(3, 5), { token: 'sesame' })
    const { page } = await openPage(browser, server.origin)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.getByLabel('Token').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    await eventually(async () => expect(await page.getByRole('alert').innerText()).toContain('does not accept this token'))
    await page.getByLabel('Token').fill('sesame')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await eventually(async () => expect(await page.locator('.who').innerText()).toContain('tester'))
    expect(page.url()).not.toContain('sesame')
    expect(await page.evaluate(() => [JSON.stringify(localStorage), sessionStorage.getItem('hyphae.token')])).toEqual([
      expect.not.stringContaining('sesame'),
      'sesame',
    ])
    await page.reload()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.close()
    await server.end()
  })

  test('a link that works once signs in, and its ticket is gone from the address bar and the history', async () => {
    const server = await standIn(synthetic(3, 5), { token: 'sesame', ticket: 'once' })
    const { page } = await openPage(browser, `${server.origin}/#/login/once/service.api`)
    await page.getByRole('heading', { name: 'service.api' }).waitFor()
    expect(page.url()).toBe(`${server.origin}/#/service.api`)
    // Whoever is in stays in, whatever links he is given, also with nothing but the token of his tab.
    await page.goto(`${server.origin}/#/login/used`)
    await page.getByText('this ticket is used up').waitFor()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.goto('about:blank')
    await page.goto(`${server.origin}/#/login/used`)
    await page.getByText('this ticket is used up').waitFor()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.close()
    const { page: other } = await openPage(browser, `${server.origin}/#/login/used`)
    await other.getByRole('alert').waitFor()
    expect(await other.getByRole('alert').innerText()).toContain('this ticket is used up')
    await other.close()
    await server.end()
  })
})
