import { join } from 'node:path'
import process from 'node:process'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bounds } from '../../inspector/web/model/bounds.ts'
import { launchBrowser, noBrowser } from '../support/chromium.ts'
import { eventually } from '../support/eventually.ts'
import { fetched } from './page.ts'
import { endsIn, exported, journeyFleet, lit, visit, type JourneyFleet } from './journey-fleet.ts'

/** One who watches a fleet while much happens, while its orchestrator is killed and frozen, and while the fleet becomes another one. */

const services = {
  web: { command: 'sleep', args: ['1000'], restart_policy: 'always' },
  noisy: { command: 'sh', args: ['-c', 'exit 1'], restart_policy: 'always', autostart: false },
}
const config = (more: object = {}, without: readonly string[] = []) =>
  JSON.stringify({
    state: '.hyphae',
    supervisor: {
      restart: { delay: 100, max_delay: 100, jitter: 0, max_restarts: 'unlimited' },
      services: Object.fromEntries(Object.entries({ ...services, ...more }).filter(([name]) => !without.includes(name))),
    },
  })

/** State by address, as the tree of the page says it. */
const inTree = (page: Page): Promise<Record<string, string>> =>
  page.locator('[role=treeitem][data-id]').evaluateAll((rows) =>
    Object.fromEntries(
      rows.flatMap((one) => {
        const address = one.querySelector('.row-name')?.getAttribute('title')
        const chip = one.querySelector('.chip')
        return address === null || address === undefined || one.querySelector('.row-name-ended') !== null
          ? []
          : [[address, chip?.getAttribute('title') ?? '']]
      }),
    ),
  )

/** What its context says. */
const pidShown = async (page: Page): Promise<string> => (await page.locator('main').innerText()).match(/^pid: (\S+)/m)?.[1] ?? ''

describe.skipIf(noBrowser !== null)('whoever watches', () => {
  let browser: Browser
  let fleet: JourneyFleet
  beforeAll(async () => {
    ;[browser, fleet] = await Promise.all([launchBrowser(), journeyFleet(config())])
    await fleet.up()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await fleet?.end()
  }, 60_000)

  test(
    'sees the next run after a kill of the orchestrator, at the same actor, whose process went on',
    { timeout: 90_000 },
    async () => {
      const { page, context, complaints } = await visit(browser, `${fleet.origin}/#/service.web`)
      await endsIn(page, 'healthy')
      const other = await context.newPage()
      await other.goto(`${fleet.origin}/#/process.web`)
      await other.getByRole('heading', { name: 'process.web' }).waitFor()
      const { pid } = await fleet.status('web')
      const { supervisor } = await fleet.ask((client) => client.call('system.status', {}))
      process.kill(supervisor.pid, 'SIGKILL')
      await page.getByText('connection lost').waitFor()
      await fleet.up()
      for (const one of [page, other]) await one.getByText('The orchestrator has started anew.').waitFor()
      await endsIn(page, 'healthy')
      expect(await page.getByRole('heading', { level: 2, name: 'service' }).innerText()).toBe('service.web')
      expect(await other.getByRole('heading', { level: 2, name: 'process' }).innerText()).toBe('process.web')
      expect((await fleet.status('web')).pid).toBe(pid)
      expect(await pidShown(page)).toBe(String(pid))
      await eventually(async () => expect(await inTree(page)).toMatchObject({ 'service.web': 'live.running.healthy' }))
      expect(complaints).toEqual([])
      await context.close()
    },
  )

  test(
    'stays at a moment while much happens, finds each process again there, and has the same in a file',
    { timeout: 120_000 },
    async () => {
      const { page, context, complaints } = await visit(browser, `${fleet.origin}/#/service.web`)
      await endsIn(page, 'healthy')
      const pids: string[] = [String((await fleet.status('web')).pid)]
      for (let round = 0; round < 2; round++) {
        await fleet.ask((client) => client.call('service.restart', { services: ['web'] }))
        await endsIn(page, 'healthy')
        pids.push(String((await fleet.status('web')).pid))
      }
      await fleet.ask((client) => client.call('service.start', { services: ['noisy'] }))
      const back = page.getByRole('button', { name: 'One record back' })
      const seen: string[] = []
      await back.click()
      const slider = page.getByRole('slider', { name: 'Moment' })
      const span = () => slider.getAttribute('max').then(Number)
      const oldest = Number(await slider.getAttribute('min'))
      for (let moment = await span(); moment > oldest; moment -= 3) {
        await slider.fill(String(moment))
        const pid = await pidShown(page)
        if (/^\d+$/.test(pid) && seen.at(-1) !== pid) seen.push(pid)
        if (seen.length === pids.length) break
      }
      expect(seen).toEqual(pids.toReversed())
      // It stays there, whatever happens now.
      const there = await slider.inputValue()
      const states = await lit(page)
      const before = await span()
      await eventually(async () => expect(await span()).toBeGreaterThan(before + 100), 30_000)
      expect(await slider.inputValue()).toBe(there)
      expect(await lit(page)).toEqual(states)
      expect(await pidShown(page)).toBe(pids[0])

      const file = join(fleet.cwd, 'recording.json')
      const { charts, layouts } = JSON.parse(await exported(page, file)) as {
        readonly charts: readonly unknown[]
        readonly layouts: readonly unknown[]
      }
      expect(charts.length).toBeGreaterThan(0)
      expect(layouts.length).toBe(charts.length)
      const reader = await visit(browser, `${fleet.origin}/#/service.web`)
      await endsIn(reader.page, 'healthy')
      await fetched(reader.page)
      await reader.context.setOffline(true)
      await reader.context.route('**/*', (route) => route.abort())
      await reader.page.getByLabel('Recording to open').setInputFiles(file)
      await reader.page.getByText(/^Opened/).waitFor()
      await reader.page.getByRole('slider', { name: 'Moment' }).fill(there)
      expect(await lit(reader.page)).toEqual(states)
      await eventually(async () => expect(await pidShown(reader.page)).toBe(pids[0]))
      expect(await inTree(reader.page)).toEqual(await inTree(page))
      for (const tab of await reader.page.getByRole('tab').all()) await tab.click()
      expect(reader.complaints).toEqual([])
      await reader.context.close()

      await fleet.ask((client) => client.call('service.stop', { services: ['noisy'] }))
      await page.getByRole('button', { name: 'Back to live' }).click()
      await eventually(async () => expect(await pidShown(page)).toBe(pids.at(-1)))
      expect(complaints).toEqual([])
      await context.close()
    },
  )

  test(
    'is no part of what happens, and is told when the orchestrator sleeps, and when it goes on',
    { timeout: 90_000 },
    async () => {
      const { page, context, complaints } = await visit(browser, 'about:blank')
      await page.clock.install()
      await page.goto(`${fleet.origin}/#/service.web`)
      await endsIn(page, 'healthy')
      await page.getByText(/^Memory/).waitFor()
      const position = () => page.getByRole('slider', { name: 'Moment' }).getAttribute('max')
      const begun = await eventually(async () => {
        const [first, , next] = [await position(), await page.clock.runFor(bounds.reading * 2), await position()]
        expect(first).toBe(next)
        return next
      })
      await page.clock.runFor(bounds.heartbeat * 2)
      expect(await position()).toBe(begun)

      const { supervisor } = await fleet.ask((client) => client.call('system.status', {}))
      process.kill(supervisor.pid, 'SIGSTOP')
      try {
        await page.clock.runFor(bounds.heartbeat + bounds.patience + 1_000)
        await page.getByText('connection lost').waitFor()
      } finally {
        process.kill(supervisor.pid, 'SIGCONT')
      }
      await page.clock.runFor(bounds.longestRetry)
      await page
        .locator('.link-words')
        .filter({ hasText: /^live$/ })
        .waitFor()
      expect(complaints).toEqual([])
      await context.close()
    },
  )

  test('sees the same as `actor.list` after whatever was done', { timeout: 120_000 }, async () => {
    const { page, context, complaints } = await visit(browser, `${fleet.origin}/#/service.web`, {
      viewport: { width: 1440, height: 3000 },
    })
    await endsIn(page, 'healthy')
    const compare = async () =>
      eventually(async () => {
        const listed = (from: Iterable<readonly [string, string]>) =>
          Object.fromEntries(Array.from(from).filter(([address]) => /^(service|process|listener)\./.test(address)))
        expect(listed(Object.entries(await inTree(page)))).toEqual(listed(await fleet.actors()))
      }, 20_000)
    await compare()
    const more = Object.fromEntries(
      Array.from({ length: 30 }, (_, n) => [`s${n}`, { command: 'sleep', args: ['1000'], autostart: n % 2 === 0 }]),
    )
    await fleet.reload(config(more))
    await compare()
    await fleet.ask((client) => client.call('service.stop', { services: ['s0', 's2', 'web'] }))
    await endsIn(page, 'stopped')
    await compare()
    await fleet.ask((client) => client.call('system.lockdown', { on: true, reason: 'a test' }))
    await compare()
    await fleet.ask((client) => client.call('system.lockdown', { on: false }))
    await fleet.reload(config({}, ['web']))
    await compare()
    await page.getByText('It has finished.').waitFor()
    await fleet.reload(config())
    await compare()
    await page.getByRole('button', { name: /Go to the service.web/ }).click()
    await endsIn(page, 'healthy')
    expect(complaints).toEqual([])
    await context.close()
  })
})
