import { describe, expect, test } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import { processStatus, running } from '../support/control-talk.ts'
import { asked, dialectOf, look, no, ok, standing, talk, timestamp } from '../support/dashboard-talk.ts'
import { fold } from './compliance.ts'

/** The dashboard API as a fold: modes, status and banner, in the original's shapes. */

const wait = limits.dashboardAnswerTime

const modes = {
  mode: 'proxy',
  source: 'file',
  description: null,
  available_features: ['basic_tools', 'system_status'],
  hidden_features: ['external_mcp', 'analytics', 'resource_management', 'prompt_management'],
  modes: [{ name: 'proxy' }, { name: 'advanced' }],
}

describe('POST /system/switch-mode', () => {
  const switched = {
    workflow: 'switch.1',
    step: null,
    outcome: 'done',
    because: null,
    mode: 'advanced',
    from: 'proxy',
    stopped: [],
    restarted: ['magictunnel'],
    started: ['audit'],
    rolled_back: false,
    total_execution_time_ms: 42,
  }
  const go = (mode: unknown, replies: Parameters<typeof talk>[1] = []) =>
    talk(asked('POST', 'system/switch-mode', { mode }), replies)

  test('the answer holds that of a custom restart', () => {
    const { calls, status, body } = go('advanced', [ok(modes), standing(), ok(switched)])
    expect(calls).toEqual([
      { command: 'system.mode', input: {} },
      look,
      { command: 'system.switch_mode', input: { mode: 'advanced', wait } },
    ])
    expect([status, body]).toEqual([
      200,
      {
        action: 'switch_mode',
        status: 'success',
        message: "Mode switch to 'advanced': Custom restart sequence completed successfully",
        new_mode: 'advanced',
        custom_restart_response: {
          action: 'custom_restart',
          status: 'success',
          message: 'Custom restart sequence completed successfully',
          data: {
            overall_success: true,
            post_command_results: [],
            pre_command_results: [],
            restart_successful: true,
            total_execution_time_ms: 42,
            stopped: [],
            restarted: ['magictunnel'],
            started: ['audit'],
            rolled_back: false,
          },
          timestamp,
        },
        timestamp,
      },
    ])
  })

  test('without a mode, with one of another type, with one that there is not', () => {
    expect(talk(asked('POST', 'system/switch-mode', {}))).toMatchObject({
      status: 400,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: "Missing 'mode' field",
    })
    expect(go(1)).toMatchObject({ status: 400, body: { field: 'mode', message: 'mode: expected a string, got a number' } })
    expect(go('x', [ok(modes)])).toMatchObject({
      status: 400,
      body: {
        action: 'switch_mode',
        status: 'invalid_mode',
        message: "Invalid mode 'x'. Must be 'proxy' or 'advanced'",
        timestamp,
      },
    })
    const three = { ...modes, modes: [...modes.modes, { name: 'lean' }] }
    expect(go('x', [ok(three)]).body).toMatchObject({ message: "Invalid mode 'x'. Must be 'proxy', 'advanced' or 'lean'" })
  })

  test('one that failed and went back, one that goes on, one that is not taken: always 200', () => {
    const failed = no('failed', 'not switched', {
      ...switched,
      outcome: 'failed',
      because: 'audit: exited with code 1',
      rolled_back: true,
    })
    expect(go('advanced', [ok(modes), standing(), failed])).toMatchObject({
      status: 200,
      body: {
        status: 'error',
        message: "Mode switch to 'advanced': Custom restart sequence completed with errors: audit: exited with code 1",
        custom_restart_response: { status: 'error', data: { overall_success: false, rolled_back: true } },
      },
    })
    const goesOn = ok({ ...switched, outcome: 'accepted', step: 'changing' })
    expect(go('advanced', [ok(modes), standing(), goesOn])).toMatchObject({
      status: 200,
      body: { status: 'success', custom_restart_response: { data: { workflow: 'switch.1', step: 'changing' } } },
    })
    expect(go('advanced', [ok(modes), standing('stopping')])).toMatchObject({
      status: 200,
      body: { status: 'supervisor_unavailable', custom_restart_response: { status: 'supervisor_unavailable' } },
    })
    const refused = no('forbidden', 'the role viewer lacks it', { permission: 'system.control' })
    expect(go('advanced', [ok(modes), standing(), refused])).toMatchObject({
      status: 403,
      body: { status: 'error', new_mode: 'advanced' },
    })
  })
})

describe('how it is', () => {
  const services = {
    magictunnel: { ...running, desired: 'run', kind: 'plain', category: 'core', reason: null },
    tools: { ...running, memory_mb: 2, desired: 'run', kind: 'mcp', category: 'advanced', reason: 'ready' },
    files: {
      ...running,
      status: 'unhealthy',
      memory_mb: 0,
      desired: 'run',
      kind: 'mcp',
      category: 'advanced',
      reason: 'probe failed',
    },
  }
  const fleet = standing('running', services)
  const environment = {
    MAGICTUNNEL_ENV: 'development',
    MAGICTUNNEL_RUNTIME_MODE: 'advanced',
    OLLAMA_BASE_URL: 'http://user:secret@localhost:11434',
    OPENAI_API_KEY: 'sk-1',
    MAGICTUNNEL_API_KEY: 'key',
  }
  const dialect = dialectOf({ environment: () => environment })
  const basic = {
    status: 'degraded',
    version: '1.2.3',
    uptime: '3m 7s',
    total_tools: 0,
    memory_usage: '50.1 MB',
    external_mcp: { servers_configured: 2, servers_active: 1 },
    environment: { magictunnel_env: 'development', magictunnel_runtime_mode: 'proxy', ollama_base_url: 'http://localhost:11434' },
  }

  test('GET /status and GET /system/status', () => {
    const { calls, body } = talk(asked('GET', 'status'), [fleet, ok(modes)], dialect)
    expect(calls.map(({ command }) => command)).toEqual(['system.status', 'system.mode'])
    expect(body).toEqual(basic)
    const whole = talk(asked('GET', 'system/status'), [fleet, ok(modes)], dialect).body
    expect(whole).toMatchObject({
      ...basic,
      supervisor: { available: true, status: 'healthy', data: processStatus, message: 'Status retrieved successfully' },
      restart_capability: { available: true, method: 'supervisor', port: 8081 },
      services: { tools: { status: 'running', memory_mb: 2 } },
    })
    const without = talk(asked('GET', 'status'), [fleet, no('forbidden', 'no')], dialect).body
    expect(without).toMatchObject({ environment: { magictunnel_runtime_mode: 'advanced' } })
    expect(JSON.stringify(whole)).not.toMatch(/secret|sk-1|"key"/)
  })

  test.each([
    [0, '0s'],
    [12, '12s'],
    [60, '1m 0s'],
    [187, '3m 7s'],
    [7_500, '2h 5m'],
    [360_000, '100h 0m'],
  ])('%i s are %s', (uptime, shown) => {
    const status = ok({ supervisor: { status: 'running', uptime }, services: {}, listeners: [] })
    expect(talk(asked('GET', 'status'), [status, ok(modes)]).body).toMatchObject({ uptime: shown, status: 'healthy' })
  })

  test('GET /system/services/status', () => {
    expect(talk(asked('GET', 'system/services/status'), [fleet, ok({ ...modes, mode: 'advanced' })]).body).toEqual({
      runtime_mode: 'advanced',
      total_services: 3,
      is_healthy: false,
      services: [
        { name: 'magictunnel', status: 'running', message: 'No message', category: 'core' },
        { name: 'tools', status: 'running', message: 'ready', category: 'advanced' },
        { name: 'files', status: 'warning', message: 'probe failed', category: 'advanced' },
      ],
      categories: { core: 1, advanced: 2 },
    })
  })

  test.each([
    ['waiting', 'initializing', false],
    ['starting', 'initializing', false],
    ['running', 'running', true],
    ['unhealthy', 'warning', false],
    ['stopping', 'stopping', false],
    ['backing_off', 'warning', false],
    ['stopped', 'stopped', false],
    ['completed', 'stopped', true],
    ['failed', 'failed', false],
    ['removed', 'stopped', false],
  ])('%s is %s', (status, word, well) => {
    const one = standing('running', { web: { ...running, status, desired: 'run' } })
    expect(talk(asked('GET', 'system/services/status'), [one, ok(modes)]).body).toMatchObject({
      is_healthy: well,
      services: [{ status: word }],
    })
    const meant = standing('running', { web: { ...running, status, desired: 'stop' } })
    expect(talk(asked('GET', 'system/services/status'), [meant, ok(modes)]).body).toMatchObject({ is_healthy: true })
  })

  test('GET /mode: features of the config, and what a page shows of them', () => {
    interface Mode {
      readonly ui_config: {
        readonly navigation_sections: ReadonlyArray<{
          id: string
          visible: boolean
          items: ReadonlyArray<{ id: string; visible: boolean }>
        }>
        readonly status_indicators: ReadonlyArray<{ id: string }>
      }
    }
    const shownIn = (output: object) => {
      const { body } = talk(asked('GET', 'mode'), [ok(output)])
      const { ui_config: ui } = body as unknown as Mode
      const items = ui.navigation_sections.filter(({ visible }) => visible).flatMap((section) => section.items)
      return {
        body,
        items: items.filter(({ visible }) => visible).map(({ id }) => id),
        indicators: ui.status_indicators.map(({ id }) => id),
      }
    }
    const proxy = shownIn(modes)
    expect(proxy.body).toMatchObject({
      runtime_mode: 'proxy',
      mode_description: 'Proxy mode with basic functionality',
      available_features: modes.available_features,
      hidden_features: modes.hidden_features,
      ui_config: {
        show_security_ui: false,
        show_auth_settings: false,
        show_analytics: false,
        show_audit_logs: false,
        show_external_mcp: false,
        show_rbac_management: false,
      },
    })
    expect(proxy).toMatchObject({ items: ['dashboard', 'tools', 'config', 'logs'], indicators: ['mcp-server', 'registry'] })
    const features = ['external_mcp', 'resource_management', 'prompt_management', 'analytics', 'system_management']
    const advanced = shownIn({ ...modes, mode: 'advanced', available_features: features, hidden_features: [] })
    expect(advanced.body).toMatchObject({
      runtime_mode: 'advanced',
      mode_description: 'Advanced mode with full feature set',
      ui_config: {
        show_security_ui: true,
        show_auth_settings: true,
        show_analytics: true,
        show_audit_logs: true,
        show_external_mcp: true,
        show_rbac_management: true,
      },
    })
    expect(advanced.items).toContain('audit-logs')
    expect(advanced.indicators).toContain('security')
    const own = shownIn({ ...modes, mode: 'lean', description: 'What fits', available_features: ['analytics'] })
    expect(own.body).toMatchObject({ mode_description: 'What fits', ui_config: { show_analytics: true, show_audit_logs: false } })
    const unchosen = { ...modes, mode: null, available_features: [], hidden_features: [], modes: [{ ...modes, name: 'proxy' }] }
    expect(shownIn(unchosen).body).toMatchObject({ runtime_mode: 'proxy', available_features: modes.available_features })
  })

  test('whoever may not look is told so', () => {
    for (const path of ['status', 'system/status', 'system/services/status', 'mode', 'banner', 'banner/stream']) {
      const { status, body } = talk(asked('GET', path), [no('forbidden', 'it needs fleet.read', { permission: 'fleet.read' })])
      expect([status, body], path).toMatchObject([403, { status: 'error', message: 'it needs fleet.read' }])
    }
  })
})

describe('the banner', () => {
  const banner = { type: 'info', title: 'Running in proxy mode', message: 'Core features only', countdown_seconds: null }

  test('once', () => {
    const { calls, status, body } = talk(asked('GET', 'banner'), [ok(banner)])
    expect([calls, status, body]).toEqual([[{ command: 'system.banner', input: {} }], 200, banner])
  })

  test('as it changes, until it is over', () => {
    const { state, dialect, calls, headers, effects } = talk(asked('GET', 'banner/stream'), [ok(null)])
    expect(calls).toEqual([{ command: 'system.banner_follow', input: {} }])
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream' })
    expect(effects.map(({ type }) => type)).toEqual(['subscribe', 'write', 'timer'])
    const [corr] = effects.flatMap((effect) => (effect.type === 'subscribe' ? [effect.corr] : []))
    const after = fold(
      dialect,
      [
        { type: 'item', corr: corr ?? '', seq: 1, item: banner },
        { type: 'timer', id: 'alive' },
        { type: 'item', corr: 'other', seq: 1, item: banner },
        { type: 'streamEnded', corr: corr ?? '', because: 'the orchestrator ends' },
        { type: 'item', corr: corr ?? '', seq: 2, item: banner },
        { type: 'timer', id: 'alive' },
      ],
      state,
    )
    expect(after.effects).toEqual([
      { type: 'write', text: `data: ${JSON.stringify(banner)}\n\n` },
      { type: 'write', text: ':\n\n' },
      { type: 'timer', id: 'alive', ms: limits.streamKeepAlive },
      { type: 'write', text: 'event: end\ndata: {"because":"the orchestrator ends"}\n\n' },
      { type: 'close', because: 'the orchestrator ends' },
    ])
  })
})
