import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'
import { request } from '../support/dashboard.ts'
import { freePort } from '../support/free-port.ts'
import { standInDashboardPage } from '../support/stand-in-dashboard-page.ts'

/** Modes as the dashboard sees them: what is shown in each, and the way from one to the other. */

const config = `
supervisor:
  mode: proxy
  default_service: magictunnel
  restart: { delay: 50, max_delay: 100 }
  modes:
    proxy: {}
    advanced: { description: Everything, env: { MAGICTUNNEL_LEVEL: full } }
    broken: { services: [broken] }
  services:
    magictunnel: { command: ./magictunnel, category: core }
    audit: { command: ./magictunnel, category: advanced, modes: [advanced] }
    broken: { command: ./broken, restart_policy: never }
`

let place: FleetFolder
let origin = ''
beforeEach(async () => {
  place = fleetFolder(config)
  writeFileSync(join(place.cwd, 'magictunnel'), '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 })
  writeFileSync(join(place.cwd, 'broken'), '#!/bin/sh\nexit 3\n', { mode: 0o755 })
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  await place.up({ HYPHAE_HTTP_PORT: String(port) })
})
afterEach(() => place.end())
const get = (path: string) => request({ origin }, 'GET', path)
const go = (mode: unknown) => request({ origin }, 'POST', 'system/switch-mode', { mode })
const services = async () => (await get('system/services/status')).body

describe('GET /mode', () => {
  test('shows what the config says of the mode in force', async () => {
    expect((await get('mode')).body).toMatchObject({
      runtime_mode: 'proxy',
      mode_description: 'Proxy mode with basic functionality',
      available_features: ['basic_tools', 'system_status'],
      hidden_features: ['external_mcp', 'analytics', 'resource_management', 'prompt_management'],
      ui_config: { show_security_ui: false, show_analytics: false, show_external_mcp: false },
    })
    expect((await get('status')).body).toMatchObject({ environment: { magictunnel_runtime_mode: 'proxy' } })
    expect(await services()).toMatchObject({
      runtime_mode: 'proxy',
      services: [{ name: 'magictunnel' }],
      categories: { core: 1, advanced: 0 },
    })
  })
})

describe('POST /system/switch-mode', () => {
  test('goes over to another mode and back', async () => {
    const { status, body } = await go('advanced')
    expect([status, body]).toMatchObject([
      200,
      {
        action: 'switch_mode',
        status: 'success',
        message: "Mode switch to 'advanced': Custom restart sequence completed successfully",
        new_mode: 'advanced',
        custom_restart_response: {
          action: 'custom_restart',
          status: 'success',
          data: { overall_success: true, restart_successful: true, started: ['audit'], rolled_back: false },
        },
      },
    ])
    expect((await get('mode')).body).toMatchObject({
      runtime_mode: 'advanced',
      mode_description: 'Everything',
      hidden_features: [],
      ui_config: { show_security_ui: true, show_analytics: true, show_external_mcp: true },
    })
    expect(await services()).toMatchObject({
      runtime_mode: 'advanced',
      services: [
        { name: 'magictunnel', status: 'running' },
        { name: 'audit', status: 'running', category: 'advanced' },
      ],
    })
    expect((await go('proxy')).body).toMatchObject({
      status: 'success',
      custom_restart_response: { data: { stopped: ['audit'] } },
    })
    expect(await services()).toMatchObject({ runtime_mode: 'proxy', total_services: 1 })
  })

  test('one that fails is told, and the mode before is in force', async () => {
    const { status, body } = await go('broken')
    expect([status, body]).toMatchObject([
      200,
      {
        status: 'error',
        message: expect.stringMatching(
          /^Mode switch to 'broken': Custom restart sequence completed with errors: .*broken/,
        ) as unknown,
        custom_restart_response: { status: 'error', data: { overall_success: false, rolled_back: true } },
      },
    ])
    expect((await get('mode')).body).toMatchObject({ runtime_mode: 'proxy' })
  })

  test('a mode that there is not is refused with those that there are', async () => {
    const message = "Invalid mode 'lean'. Must be 'proxy', 'advanced' or 'broken'"
    expect(await go('lean')).toMatchObject({ status: 400, body: { action: 'switch_mode', status: 'invalid_mode', message } })
    expect(await go(undefined)).toMatchObject({ status: 400, text: "Missing 'mode' field" })
  })

  test('the page shows it', async () => {
    const times = { before: 10, between: 50, reload: 10 }
    const visit = { api: `${origin}/dashboard/api`, path: 'system/switch-mode', times } as const
    expect(await standInDashboardPage({ ...visit, body: { mode: 'advanced' } })).toEqual({
      banners: ['switching: 30', 'success: Mode Switch Complete'],
      reloaded: true,
      mode: 'advanced',
    })
    expect(await standInDashboardPage({ ...visit, body: { mode: 'broken' } })).toMatchObject({
      banners: ['switching: 30', 'error: Mode Switch Failed'],
    })
  })
})
