import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { commands } from '../../../src/commands/registry.ts'
import { inputSchemaOf } from '../../../src/protocol/api.ts'
import { eventually } from '../../support/eventually.ts'
import { launchBrowser, noBrowser } from '../../support/chromium.ts'
import { violations } from '../axe.ts'
import { askedOf, openViews, tell } from '../panels-page.ts'

/** Driving in a real browser, of an actor and a client made from literals. */

const row = (more: object = {}) => ({
  id: 'x:1',
  address: 'service.web',
  chart: 'c',
  phase: 'active',
  state: 'live.running.healthy',
  since: Date.parse('2026-11-21T22:00:00Z'),
  events: 3,
  ...more,
})
const ofType = (type: string, properties: object = {}, required: readonly string[] = []) => ({
  type: 'object',
  properties: { type: { type: 'string', const: type }, ...properties },
  required: ['type', ...required],
  additionalProperties: false,
})
const event = (type: string, stops: boolean, schema: object = ofType(type)) => ({
  kind: 'service',
  type,
  description: `Does ${type}.`,
  schema,
  stops,
})
const whole = ofType(
  'TUNE',
  {
    name: { type: 'string', minLength: 2, description: 'what it is called' },
    count: { type: 'integer', minimum: 1, maximum: 9 },
    share: { type: 'number' },
    quiet: { type: 'boolean' },
    level: { enum: ['low', 'high'] },
    args: { type: 'array', items: { type: 'string' } },
    env: { type: 'object', additionalProperties: { type: 'string' } },
    probe: { type: 'object', properties: { port: { type: 'integer' } }, required: ['port'] },
    more: {},
  },
  ['name', 'count'],
)
const graph = {
  services: [
    { name: 'web', state: 'live.running.healthy', phase: 'active', depends_on: [] },
    { name: 'api', state: 'live.running.healthy', phase: 'active', depends_on: [{ service: 'web', condition: 'healthy' }] },
    { name: 'lone', state: 'live.running.healthy', phase: 'active', depends_on: [] },
  ],
  several: [{ name: 'backend', of: 'group', services: ['web', 'api'] }],
}

describe.skipIf(noBrowser !== null)('driving', () => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    page = await openViews(browser)
    await tell(page, 'fake.answer', 'actor.events', {
      output: {
        events: [
          event('TUNE', false, whole),
          event('STOP', true),
          event('RESTART', true),
          event('START', false),
          { ...event('RESTART', true), kind: 'group' },
          { ...event('KILL', true), kind: 'process' },
        ],
      },
    })
    await tell(page, 'fake.answer', 'service.graph', { output: graph })
    await accepts('STOP', 'RESTART', 'TUNE')
    await tell(page, 'fake.answer', 'actor.send', { output: { actor: {}, sent: 'x' } })
    await tell(page, 'me', 'operator', ['actor.send', 'service.custom_restart'])
    await tell(page, 'useFake')
    await tell(page, 'show', 'drive')
  })
  afterEach(() => page.close())

  const accepts = (...types: readonly string[]) => tell(page, 'fake.answer', 'actor.get', { output: { accepts: types } })
  const show = (more: object = {}) => tell(page, 'row', row(more))
  const buttons = () => page.locator('.drive-buttons button').allTextContents()
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
  const sent = () => askedOf(page, 'actor.send')
  const offered = (names: readonly string[]) => eventually(async () => expect(await buttons()).toEqual(names))

  test('what the state accepts is offered, the usual first, and asked again when it is in another', async () => {
    await show()
    await offered(['STOP', 'RESTART', 'TUNE …', 'Custom restart…'])
    await accepts('START', 'RESTART')
    await show({ state: 'stopped', since: 1 })
    await offered(['START', 'RESTART', 'Custom restart…'])
    expect((await askedOf(page, 'actor.events')).length).toBe(1)
  })

  test('one click where nobody depends on it', async () => {
    await show({ address: 'service.lone' })
    await press('RESTART')
    await eventually(async () => expect(await sent()).toEqual([{ to: 'service.lone', event: { type: 'RESTART' } }]))
    await page.getByText('sent by token:tester').waitFor()
    const trail = (text: string) => eventually(async () => expect(await page.locator('.drive-trail').textContent()).toBe(text))
    await show({ address: 'service.lone', state: 'stopping', since: 2 })
    await trail('live.running.healthy → stopping')
    await show({ address: 'service.lone', state: 'live.running.healthy', since: 3 })
    await trail('live.running.healthy → stopping → live.running.healthy')
  })

  test('where somebody does, it says so and asks; Escape leaves all as it is and gives the focus back', async () => {
    await show()
    await page.getByRole('button', { name: 'STOP', exact: true }).focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'STOP service.web?' })
    await dialog.waitFor()
    expect(await dialog.textContent()).toContain('web stops; api depends on it, and runs on without.')
    for (let turn = 0; turn < 6; turn++) {
      await page.keyboard.press('Tab')
      expect(
        await page.evaluate('document.activeElement === document.body || document.activeElement.closest("dialog") !== null'),
      ).toBe(true)
    }
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await eventually(async () => expect(await page.evaluate('document.activeElement.textContent')).toBe('STOP'))
    expect(await sent()).toEqual([])
    await press('STOP')
    await dialog.getByRole('button', { name: 'STOP', exact: true }).click()
    await eventually(async () => expect(await sent()).toEqual([{ to: 'service.web', event: { type: 'STOP' } }]))
  })

  test('a group stops more than one; KILL is asked about', async () => {
    await accepts('RESTART', 'KILL')
    await show({ address: 'group.backend' })
    await press('RESTART')
    await page.getByText('web and api stop and start again.').waitFor()
    await press('Cancel')
    await show({ id: 'x:2', address: 'process.web' })
    await press('KILL')
    await page.getByText('web is killed at once (SIGKILL). What it has not written yet is lost.').waitFor()
    expect(await sent()).toEqual([])
  })

  test('always asking is kept in the browser', async () => {
    await show()
    await press('STOP')
    await page.getByLabel('Always ask before something is stopped').check()
    await press('Cancel')
    await show({ id: 'x:3', address: 'service.lone' })
    await press('STOP')
    await page.getByRole('dialog', { name: 'STOP service.lone?' }).waitFor()
    expect(await page.evaluate('localStorage.getItem("hyphae.always-ask")')).toBe('yes')
    await page.getByLabel('Always ask before something is stopped').uncheck()
    expect(await page.evaluate('localStorage.getItem("hyphae.always-ask")')).toBeNull()
  })

  test('a form for what an event needs: every kind of field, with errors where they belong', async () => {
    await show()
    await press('TUNE …')
    const form = page.getByRole('dialog', { name: 'TUNE to service.web' })
    await form.getByRole('button', { name: 'TUNE' }).click()
    await form.getByText('expected at least 2 characters').waitFor()
    expect(await page.evaluate('document.activeElement.getAttribute("aria-invalid")')).toBe('true')
    await form.getByLabel('name', { exact: true }).fill('web')
    await form.getByLabel('count').fill('12')
    await form.getByRole('button', { name: 'TUNE' }).click()
    await form.getByText('expected a whole number from 1 to 9').waitFor()
    await form.getByLabel('count').fill('3')
    await form.getByLabel('share').fill('0.5')
    await form.getByLabel('quiet').selectOption('no')
    await form.getByLabel('level').selectOption('high')
    await form.getByRole('button', { name: 'Add arg' }).click()
    await form.getByRole('button', { name: 'Add arg' }).click()
    await form.getByLabel('arg 1', { exact: true }).fill('-v')
    await form.getByRole('button', { name: 'Remove arg 2' }).click()
    await form.getByRole('button', { name: 'Add env' }).click()
    await form.getByLabel('env 1 name', { exact: true }).fill('A')
    await form.getByLabel('env 1 value').fill('b')
    await form.getByLabel('port').fill('80')
    await form.getByLabel('more').fill('{"x":[1]}')
    expect(await violations(page)).toEqual([])
    await tell(page, 'fake.answer', 'actor.send', {
      error: { code: 'invalid_params', message: 'event.args.0: expected no dash', data: { field: 'event.args.0' } },
    })
    await form.getByRole('button', { name: 'TUNE' }).click()
    await form.locator('.form-item').getByText('event.args.0: expected no dash').waitFor()
    await tell(page, 'fake.answer', 'actor.send', { output: { actor: {}, sent: 'TUNE' } })
    await form.getByRole('button', { name: 'TUNE' }).click()
    await form.waitFor({ state: 'detached' })
    expect((await sent()).at(-1)).toEqual({
      to: 'service.web',
      event: {
        type: 'TUNE',
        name: 'web',
        count: 3,
        share: 0.5,
        quiet: false,
        level: 'high',
        args: ['-v'],
        env: { A: 'b' },
        probe: { port: 80 },
        more: { x: [1] },
      },
    })
  })

  test.each([
    [
      { code: 'forbidden', message: 'the fleet is locked down', data: { rule: 'lockdown' } },
      'Nothing is changed until the lockdown ends',
    ],
    [{ code: 'not_accepted', message: 'it is stopping', data: { field: 'event.type' } }, 'The buttons show what it takes now'],
    [{ code: 'busy', message: 'busy with restart.x' }, 'Wait for what is under way'],
  ])('%j says what to do next', async (error, next) => {
    await tell(page, 'fake.answer', 'actor.send', { error })
    await show({ address: 'service.lone' })
    await press('RESTART')
    const alert = page.getByRole('alert')
    await alert.waitFor()
    expect(await alert.textContent()).toContain(error.message)
    expect(await alert.textContent()).toContain(next)
  })

  test('who may not send is told so, in place of buttons', async () => {
    await tell(page, 'me', 'viewer', ['actor.get'])
    await show()
    await page.getByText('You are token:tester with the role viewer, which may look and not send events (actor.send).').waitFor()
    expect(await buttons()).toEqual([])
  })

  test('in the past nothing is sent', async () => {
    await show()
    await offered(['STOP', 'RESTART', 'TUNE …', 'Custom restart…'])
    await press('STOP')
    await page.getByRole('dialog').waitFor()
    await tell(page, 'moment', 7)
    await page.getByText('You are looking at the past').waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.locator('.drive-buttons button:enabled').count()).toBe(0)
  })

  test('what has ended, and what takes nothing, has no bar', async () => {
    await tell(page, 'fake.answer', 'actor.get', { output: { accepts: [] } })
    await show({ address: 'listener.http' })
    await page.locator('.drive').waitFor({ state: 'detached' })
    await show({ end: 'stopped' })
    expect(await page.locator('.drive').count()).toBe(0)
  })

  test.each(['light', 'dark'] as const)('nothing is wrong with it for axe (%s)', async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    const schema = inputSchemaOf(commands['service.custom_restart'])
    const path = { post: { requestBody: { content: { 'application/json': { schema } } } } }
    await page.route('**/openapi.json', (route) => route.fulfill({ json: { paths: { '/api/v1/service/custom_restart': path } } }))
    await show()
    await offered(['STOP', 'RESTART', 'TUNE …', 'Custom restart…'])
    expect(await violations(page)).toEqual([])
    await press('Custom restart…')
    await page.getByRole('button', { name: 'Add pre command' }).click()
    await page.getByRole('button', { name: 'Add env' }).last().click()
    expect(await violations(page)).toEqual([])
    if (process.env['SHOTS'] !== undefined) await page.screenshot({ path: `${process.env['SHOTS']}/custom-${colorScheme}.png` })
    await page.setViewportSize({ width: 400, height: 800 })
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    if (process.env['SHOTS'] !== undefined)
      await page.screenshot({ path: `${process.env['SHOTS']}/custom-narrow-${colorScheme}.png` })
  })
})
