import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { OrchestratorOptions } from '../../../src/options.ts'
import { launchBrowser, noBrowser } from '../../support/chromium.ts'
import { eventually } from '../../support/eventually.ts'
import { httpFleet, type HttpFleet } from '../../support/http.ts'
import { groupOf, specOf } from '../../support/specs.ts'
import { violations } from '../axe.ts'
import { openViews, tell } from '../panels-page.ts'

/** The views against a real orchestrator and real processes, in a real browser. */

const esc = '\\033'
/** Writes in colours, ends when it is told to, and tells of both. */
const painter = [
  `printf '${esc}[31mred${esc}[0m ${esc}[38;5;208morange${esc}[0m ${esc}[38;2;10;20;30mdeep${esc}[0m ${esc}]0;title\\007end\\n'`,
  `printf '<img src=x onerror=alert(1)>\\n'`,
  `for n in $(seq 1 600); do printf "${esc}[1mline $n${esc}[0m\\n"; done`,
  'echo ready',
  'while :; do sleep 0.2; echo tick; done',
].join('; ')

const services = [
  specOf({ name: 'web', command: '/bin/sh', args: ['-c', painter] }),
  specOf({ name: 'api', command: '/bin/sleep', args: ['1000'], dependsOn: [{ service: 'web', condition: 'started' }] }),
  specOf({ name: 'lone', command: '/bin/sleep', args: ['1000'] }),
  specOf({
    name: 'boom',
    command: '/bin/sh',
    args: ['-c', 'sleep 0.2; exit 3'],
    restart: { delay: 20, maxDelay: 50, maxRestarts: 2 },
  }),
]
const programs = { allowed: { make: [], shell: ['echo'], binary: [], cargo: [], npm: [] }, allowShell: false }

describe.skipIf(noBrowser !== null)('against a real orchestrator', () => {
  let browser: Browser
  let fleet: HttpFleet
  let page: Page
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())
  afterEach(async () => {
    await page.close()
    await fleet.end()
  })

  async function open(address: string, views: readonly string[], options: Partial<OrchestratorOptions> = {}): Promise<void> {
    fleet = await httpFleet({ services, programs, ...options })
    page = await openViews(browser, fleet.origin)
    await tell(page, 'show', ...views)
    await tell(page, 'useReal', address)
  }
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  const shot = (name: string) =>
    process.env['SHOTS'] === undefined
      ? Promise.resolve()
      : page.screenshot({ path: `${process.env['SHOTS']}/${name}.png`, fullPage: true })

  test('RESTART is one click, and a new process; where others depend on it, two', async () => {
    await open('service.lone', ['drive'])
    const { pid } = fleet.status('lone')
    await press('RESTART')
    await fleet.fact('lone', 'service.ready', 2)
    expect(fleet.status('lone').pid).not.toBe(pid)
    await page.getByText('sent by').waitFor()
    await eventually(async () => expect(await page.locator('.drive-trail').textContent()).toMatch(/→ live\.running\.healthy$/))
  })

  test('STOP asks where somebody depends on it; START is offered then', async () => {
    await open('service.web', ['drive'])
    await fleet.until('api', 'healthy')
    await press('STOP')
    await page.getByText('web stops; api depends on it, and runs on without.').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'STOP' }).click()
    await fleet.until('web', 'stopped')
    await press('START')
    await fleet.fact('web', 'service.ready', 2)
    expect(fleet.factsAbout('web')).toContain('service.stopped')
  })

  test('a lockdown refuses, and it is said what to do', async () => {
    await open('service.lone', ['drive', 'fleet', 'banner'])
    await press('Lock down…')
    await page.getByLabel('reason').fill('keys were stolen')
    await press('Lock down')
    await page.locator('.banner-warning').getByText('keys were stolen').waitFor()
    await press('RESTART')
    await page.getByText('Nothing is changed until the lockdown ends').waitFor()
    expect(await violations(page)).toEqual([])
    await shot('lockdown')
    await press('End lockdown…')
    await press('End lockdown')
    await press('RESTART')
    await fleet.fact('lone', 'service.ready', 2)
  })

  test('a custom restart shows its steps, and what its commands wrote; what is not permitted is refused', async () => {
    await open('service.lone', ['drive'])
    const { pid } = fleet.status('lone')
    await press('Custom restart…')
    await press('Add pre command')
    await page.getByLabel('type', { exact: true }).selectOption('shell')
    await page.getByLabel('command', { exact: true }).fill('rm -rf x')
    await page.getByRole('button', { name: 'Restart', exact: true }).click()
    await page.getByRole('alert').waitFor()
    await shot('custom-refused')
    expect(fleet.status('lone').pid).toBe(pid)
    await press(
      (await page.getByRole('button', { name: 'Let it go on' }).isVisible())
        ? 'Let it go on'
        : (await page.getByRole('button', { name: 'Close' }).isVisible())
          ? 'Close'
          : 'Cancel',
    )
    await press('Custom restart…')
    await press('Add pre command')
    await page.getByLabel('type', { exact: true }).selectOption('shell')
    await page.getByLabel('command', { exact: true }).fill('echo all well')
    await page.getByRole('button', { name: 'Add arg' }).last().click()
    await page.getByLabel('arg 1', { exact: true }).last().fill('999')
    await page.getByRole('button', { name: 'Restart', exact: true }).click()
    await page.getByRole('dialog', { name: 'lone was restarted' }).waitFor()
    const steps = await page.locator('.steps li').allTextContents()
    expect(steps.map((step) => step.replace('✓ ', ''))).toEqual(['pre 1 of 1: done', 'stop: done', 'start: done', 'verify: done'])
    await page.getByText('echo all well').click()
    await page.locator('.result pre').getByText('all well').waitFor()
    expect(fleet.status('lone')).toMatchObject({ args: ['999'] })
    expect(await violations(page)).toEqual([])
    await shot('custom-done')
  })

  test('who may only look has no buttons, and may read logs', async () => {
    await open('service.lone', ['drive', 'logs', 'fleet'])
    await tell(page, 'me', 'viewer', ['actor.get', 'logs.read', 'logs.follow'])
    await page.getByText('with the role viewer').waitFor()
    expect(await page.locator('.harness-drive button').count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Reload config…' }).count()).toBe(0)
    await page.getByText('It has written nothing yet.').waitFor()
    await tell(page, 'me', 'nobody', ['actor.get'])
    await page.getByText('which may not read logs (logs.read)').waitFor()
  })

  test('a log in colours, live, searched, filtered and paused, with its restarts', async () => {
    await open('service.web', ['logs'])
    const log = page.getByRole('log')
    await log.getByText('tick').first().waitFor()
    // The last 500: what came before is not asked for.
    expect(await page.locator('.log-line').count()).toBeLessThan(120)
    await page.getByLabel('Search in the log').fill('line 599')
    await log.locator('mark').getByText('line 599').waitFor()
    await page.getByRole('button', { name: 'Filter' }).click()
    await eventually(async () => expect(await page.locator('.log-line:not(.log-mark)').allTextContents()).toEqual(['line 599']))
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.getByLabel('Search in the log').fill('')
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: /^Resume · \d+ new$/ }).waitFor()
    await page.getByRole('button', { name: /^Resume/ }).click()
    const { pid } = fleet.status('web')
    await fleet.call('service.restart', { services: ['web'] })
    const now = fleet.status('web').pid
    expect(now).not.toBe(pid)
    await page.getByLabel('Search in the log').fill('onerror')
    await page.getByRole('button', { name: 'Previous match' }).click()
    await log.getByText(`pid ${String(now)} started · restarted by test`).waitFor()
    const around = await page.locator('.log-line').allTextContents()
    const at = around.findIndex((text) => text.startsWith(`pid ${String(now)}`))
    expect(around.slice(at + 1, at + 4)).toEqual(['red orange deep end', '<img src=x onerror=alert(1)>', 'line 1'])
    expect(around[at - 1]).toBe('tick')
    const red = page.locator('.log-line .ansi-1').first()
    expect(await red.textContent()).toBe('red')
    expect(await violations(page)).toEqual([])
    await shot('logs')
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await violations(page)).toEqual([])
    await shot('logs-dark')
  })

  test('restarts with their reasons, the budget, and what it uses', async () => {
    await open('service.boom', ['restarts', 'line', 'usage'])
    await page.getByText('gave up after 2 restarts').first().waitFor()
    const rows = await page.locator('.rst-table tbody tr').allTextContents()
    expect(rows.filter((text) => text.includes('crashed'))).toHaveLength(3)
    expect(await page.locator('.rst-run-crash').count()).toBe(3)
    await page.getByText('2 restarts in all').waitFor()
    await page.locator('.use-figure').first().waitFor()
    expect(await violations(page)).toEqual([])
    await shot('restarts')
  })

  test('what a group was through, by member', async () => {
    await open('group.backend', ['restarts', 'drive'], {
      groups: [groupOf({ name: 'backend', services: ['web', 'lone'] })],
    })
    await page.getByText('service.lone').first().waitFor()
    await press('RESTART')
    await page.getByText('web and lone stop and start again; api depends on them, and runs on meanwhile.').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'RESTART' }).click()
    await fleet.fact('lone', 'service.ready', 2)
    await eventually(async () => expect(await page.locator('.rst-run').count()).toBe(4))
    await shot('group')
  })
})
