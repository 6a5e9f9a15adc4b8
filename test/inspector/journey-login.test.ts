import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { counterpart } from '../support/counterpart.ts'
import { eventually } from '../support/eventually.ts'
import { endsIn, journeyFleet, visit, type JourneyFleet } from './journey-fleet.ts'

/** Who comes by the link that `hyphae inspect` prints, what he may do, and how that ends. */

const config = (token: string) => `
state: .hyphae
supervisor:
  security:
    authentication: { enabled: true, tokens: [{ name: ops, token: ${token}, role: admin }] }
  services:
    web: { command: sleep, args: ['1000'], restart_policy: always }
`
type Line = Readonly<Record<string, unknown>>

const [first, second] = ['a-token-of-many-characters', 'another-token-of-many-characters']

describe.skipIf(noBrowser !== null)('a login', () => {
  let browser: Browser
  let fleet: JourneyFleet
  beforeAll(async () => {
    ;[browser, fleet] = await Promise.all([launchBrowser(), journeyFleet(config(first))])
    await fleet.up()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await fleet?.end()
  }, 60_000)

  test('by the printed link opens the page once, for this tab', { timeout: 60_000 }, async () => {
    const url = await fleet.link('web')
    const { page, context, complaints } = await visit(browser, url)
    await endsIn(page, 'healthy')
    expect(page.url()).toBe(`${fleet.origin}/#/service.web`)
    await page.reload()
    await endsIn(page, 'healthy')
    const late = await visit(browser, url)
    await late.page.getByRole('alert').filter({ hasText: 'such a link works once' }).waitFor()
    expect(late.page.url()).toBe(`${fleet.origin}/#/service.web`)
    await late.context.close()
    const tab = await context.newPage()
    await tab.goto(fleet.origin)
    await tab.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })

  test('of a viewer offers nothing, and says why; once it is ended the page asks for another', { timeout: 60_000 }, async () => {
    const known = new Set(await fleet.logins())
    const { page, context } = await visit(browser, await fleet.link('web', '--role', 'viewer'))
    await endsIn(page, 'healthy')
    await page.getByText('with the role viewer, which may look and not send events').waitFor()
    expect(await page.getByRole('button', { name: /^(RESTART|STOP|START)$/ }).count()).toBe(0)
    const login = (await fleet.logins()).find((address) => !known.has(address)) ?? ''
    await fleet.ask((client) => client.call('actor.send', { to: login, event: { type: 'END' } }))
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    // What became of the old one is told, too.
    await page
      .getByRole('alert')
      .filter({ hasText: /ended by local:.*(?:does not accept this token|HTTP 429)/ })
      .waitFor()
    await context.close()
  })

  test.each([
    ['--xstate', 'xstate-inspect/receiver.mjs', ({ type, id }: Line) => type === 'service.register' && id === 'service.web'],
    ['--stately', 'statelyai-inspect/receiver.mjs', ({ type, name }: Line) => type === '@xstate.actor' && name === 'service.web'],
  ])('of %s lets the real receiver in, once', { timeout: 60_000 }, async (flag, script, isWeb) => {
    const url = await fleet.link(flag)
    // That of @xstate/inspect puts the scheme before it by itself.
    const receiver = counterpart(script, flag === '--xstate' ? url.replace('ws://', '') : url)
    try {
      await receiver.told(isWeb)
      const late = new WebSocket(url)
      const refused = await new Promise((resolve) => {
        late.addEventListener('error', () => resolve(true))
        late.addEventListener('open', () => resolve(false))
      })
      expect(refused).toBe(true)
    } finally {
      await receiver.end()
    }
  })

  test('that is left by the page is worth nothing any more', { timeout: 60_000 }, async () => {
    const known = new Set(await fleet.logins())
    const { page, context } = await visit(browser, await fleet.link('web'))
    await endsIn(page, 'healthy')
    const login = (await fleet.logins()).filter((address) => !known.has(address))
    expect(login).toHaveLength(1)
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByRole('button', { name: 'Sign in as somebody else' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await eventually(async () => expect(await fleet.logins()).not.toContain(login[0]))
    await context.close()
  })

  test(
    'by a token ends where a reload drops the token, also where wrong ones have to wait, and the new one goes on',
    { timeout: 60_000 },
    async () => {
      const { page, context, complaints } = await visit(browser, `${fleet.origin}/#/service.web`)
      await page.getByLabel('Token').fill(first)
      await page.keyboard.press('Enter')
      await endsIn(page, 'healthy')
      // Others have tried so many wrong ones from here that each is told to come later.
      const headers = { authorization: 'Bearer wrong', 'content-type': 'application/json' }
      const wrong = async () => (await fetch(`${fleet.origin}/rpc`, { method: 'POST', headers, body: '{}' })).status
      expect(await Promise.all(Array.from({ length: 10 }, wrong))).toContain(429)
      await fleet.reload(config(second))
      await page
        .getByRole('alert')
        .filter({ hasText: /token:ops is not valid any more.*HTTP 429/ })
        .waitFor()
      await page.getByLabel('Token').fill(second)
      await page.keyboard.press('Enter')
      await endsIn(page, 'healthy')
      expect(complaints).toEqual([])
      await context.close()
    },
  )
})
