import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorCodes, type ErrorCode } from '../../src/protocol/errors.ts'
import { limits } from '../../src/protocol/limits.ts'
import { asked, dialectOf, no, ok, standing, talk, timestamp } from '../support/dashboard-talk.ts'
import { running } from '../support/control-talk.ts'
import { fold } from './compliance.ts'

/** The dashboard API as a fold: what each route asks of the gateway, and its answers in the original's shapes. */

const wait = limits.dashboardAnswerTime
const look = { command: 'system.status', input: { services: [] } }
const done = { results: [{ service: 'web', outcome: 'done', state: 'healthy', pid: 7, because: null, workflow: 'restart.1' }] }
const goesOn = {
  results: [{ service: 'web', outcome: 'accepted', state: 'probing', pid: 7, because: null, workflow: 'restart.1' }],
}
const processStatus = {
  args: running.args,
  health_status: 'healthy',
  last_restart: null,
  pid: 15329,
  restart_count: 0,
  status: 'running',
  uptime_seconds: 2,
}
const spec = { command_type: 'make', command: 'clean', is_safe: true }
const program = { type: 'make', command: 'clean', is_safe: true }
const result = { program, success: true, exit_code: 0, stdout: 'ok\n', stderr: '', execution_time_ms: 5, error_message: null }
const restartOf = (more: object = {}) => ({
  service: 'magictunnel',
  workflow: 'restart.1',
  step: null,
  outcome: 'done',
  because: null,
  pre_command_results: [result],
  restart_successful: true,
  post_command_results: [],
  total_execution_time_ms: 12,
  overall_success: true,
  ...more,
})

describe('POST /system/restart', () => {
  test('restarts the default service, then tells how it is', () => {
    const { calls, status, body, effects } = talk(asked('POST', 'system/restart'), [
      standing(),
      ok(done),
      standing('running', { magictunnel: running }),
    ])
    expect(calls).toEqual([
      look,
      { command: 'service.restart', input: { services: ['magictunnel'], wait } },
      { command: 'system.status', input: { services: ['magictunnel'] } },
    ])
    expect([status, body]).toEqual([
      200,
      {
        action: 'restart_magictunnel',
        status: 'success',
        message: 'MagicTunnel restarted successfully',
        data: processStatus,
        timestamp,
      },
    ])
    expect(effects.at(-1)).toMatchObject({ type: 'close' })
  })

  test('a service may be named', () => {
    const { calls, body } = talk(asked('POST', 'system/restart', { service: 'web', other: 1 }), [standing(), ok(goesOn)])
    expect(calls[1]).toEqual({ command: 'service.restart', input: { services: ['web'], wait } })
    expect(body).toMatchObject({ status: 'success', data: { workflow: 'restart.1', step: 'probing' } })
  })

  test('what failed is answered with 200, and what is wrong with the request is not', () => {
    const restart = (reply: ReturnType<typeof no>) => talk(asked('POST', 'system/restart'), [standing(), reply])
    const data = { results: [{ outcome: 'failed', because: 'exited with code 1' }] }
    expect(restart(no('failed', 'magictunnel was not restarted', data))).toMatchObject({
      status: 200,
      body: { status: 'error', message: 'Failed to restart MagicTunnel: exited with code 1' },
    })
    for (const code of ['busy', 'timeout', 'overloaded', 'storage'] as const) {
      expect(restart(no(code, 'no'))).toMatchObject({ status: 200, body: { status: 'error', code } })
    }
    expect(restart(no('not_found', 'there is no service "x"', { field: 'service' }))).toMatchObject({
      status: 404,
      body: { status: 'error', field: 'service' },
    })
    expect(restart(no('forbidden', 'not permitted', { rule: 'security.allowed_commands' }))).toMatchObject({
      status: 403,
      body: { status: 'error', rule: 'security.allowed_commands' },
    })
    expect(restart(no('internal', 'something went wrong inside'))).toMatchObject({
      status: 500,
      body: { status: 'communication_error', message: 'Failed to communicate with supervisor: something went wrong inside' },
    })
  })

  test('without any service there is nothing to restart', () => {
    const { calls, status, body } = talk(asked('POST', 'system/restart'), [standing()], dialectOf({ defaultService: () => null }))
    expect(calls).toEqual([look])
    expect([status, body]).toMatchObject([
      200,
      { status: 'error', message: expect.stringContaining('there is no service') as unknown },
    ])
  })

  test('whoever may restart and not look does restart', () => {
    const refused = no('forbidden', 'not permitted', { rule: 'security.allowed_commands' })
    const { status, body } = talk(asked('POST', 'system/restart'), [refused, ok(done), refused])
    expect([status, body]).toMatchObject([200, { status: 'success', data: null }])
  })
})

describe('a fleet that does not take orders', () => {
  test.each(['starting', 'stopping', 'leaving'])('%s', (status) => {
    const bodies = [
      ['system/restart', '', 'restart_magictunnel', { restart_type: 'basic' }],
      [
        'system/custom-restart',
        { pre_commands: [spec] },
        'custom_restart',
        { pre_commands_requested: 1, post_commands_requested: 0 },
      ],
      ['system/execute-command', { command: spec }, 'execute_command', { command_type: 'make', command: 'clean' }],
      ['makefile/execute', { command: 'clean' }, 'execute_makefile', { command: 'clean' }],
    ] as const
    for (const [path, body, action, details] of bodies) {
      const said = talk(asked('POST', path, body), [standing(status)])
      expect([said.status, said.body]).toMatchObject([
        503,
        { action, status: 'supervisor_unavailable', details: { supervisor_port: 8081, ...details }, timestamp },
      ])
      expect(said.body).toMatchObject({ message: expect.stringContaining(`it is ${status}`) as unknown })
    }
    expect(talk(asked('POST', 'services/web/stop'), [standing(status)])).toMatchObject({
      status: 503,
      body: { action: 'stop_service', service: 'web', status: 'unavailable' },
    })
    expect(talk(asked('GET', 'system/status'), [standing(status), no('forbidden', '')])).toMatchObject({
      status: 200,
      body: { status, supervisor: { available: false, status: 'unavailable' }, restart_capability: { available: false } },
    })
  })

  test('one that stops meanwhile', () => {
    const ends = no('shutting_down', 'the orchestrator is stopping')
    expect(talk(asked('POST', 'system/restart'), [standing(), ends])).toMatchObject({
      status: 503,
      body: { status: 'supervisor_unavailable', details: { restart_type: 'basic' } },
    })
  })
})

describe('POST /system/custom-restart', () => {
  test('each field reaches the command, `args` by either name', () => {
    for (const name of ['start_args', 'args']) {
      const { calls, body } = talk(
        asked('POST', 'system/custom-restart', {
          pre_commands: [{ ...spec, command_type: 'Make', args: null, working_dir: null, env: null, description: null }],
          [name]: ['--config', 'production.yaml'],
          post_commands: [{ ...spec, command_type: 'python', args: ['x'], env: { A: 'b' }, timeout_seconds: 3 }],
          env_vars: { RUST_LOG: 'info' },
          service: 'web',
          remember: false,
        }),
        [standing(), ok(restartOf())],
      )
      expect(calls[1]).toEqual({
        command: 'service.custom_restart',
        input: {
          service: 'web',
          pre_commands: [program],
          args: ['--config', 'production.yaml'],
          post_commands: [{ ...program, type: 'shell', args: ['x'], env: { A: 'b' }, timeout_ms: 3_000 }],
          env: { RUST_LOG: 'info' },
          remember: false,
          wait,
        },
      })
      expect(body).toMatchObject({
        action: 'custom_restart',
        status: 'success',
        message: 'Custom restart sequence completed successfully',
        data: {
          overall_success: true,
          pre_command_results: [{ command: { command_type: 'Make' }, exit_code: 0, stdout: 'ok\n' }],
          restart_successful: true,
          total_execution_time_ms: 12,
        },
      })
    }
  })

  test('nothing at all is asked for: a plain restart', () => {
    const { calls } = talk(asked('POST', 'system/custom-restart', {}), [standing()])
    expect(calls[1]).toEqual({ command: 'service.custom_restart', input: { service: 'magictunnel', wait } })
  })

  test('both names of the arguments are one too many', () => {
    const { calls, status, body } = talk(asked('POST', 'system/custom-restart', { args: [], start_args: [] }))
    expect([calls, status, body]).toMatchObject([[], 400, { status: 'error', field: 'args' }])
  })

  test('a run that failed is an answer with what there is; one that goes on names its workflow', () => {
    const run = (reply: ReturnType<typeof ok>) => talk(asked('POST', 'system/custom-restart', {}), [standing(), reply])
    const failed = no(
      'failed',
      'not as asked',
      restartOf({ outcome: 'failed', overall_success: false, because: 'make clean: failed', rule: 'is_safe' }),
    )
    expect(run(failed)).toMatchObject({
      status: 200,
      body: {
        status: 'error',
        message: 'Custom restart sequence completed with errors',
        rule: 'is_safe',
        data: { because: 'make clean: failed' },
      },
    })
    expect(run(ok(restartOf({ outcome: 'accepted', step: 'pre' })))).toMatchObject({
      status: 200,
      body: { status: 'success', data: { workflow: 'restart.1', step: 'pre' } },
    })
  })
})

describe('commands alone', () => {
  test('POST /system/execute-command', () => {
    const { calls, body } = talk(asked('POST', 'system/execute-command', { command: spec, timeout_seconds: 30 }), [
      standing(),
      ok({ workflow: 'program.1', outcome: 'done', result }),
    ])
    expect(calls[1]).toEqual({ command: 'program.run', input: { program, timeout_ms: 30_000, wait } })
    expect(body).toMatchObject({
      action: 'execute_command',
      status: 'success',
      message: 'Command executed successfully',
      data: { stdout: 'ok\n' },
    })
  })

  test('one that is forbidden is a command that failed, with the rule', () => {
    const forbidden = { ...result, success: false, exit_code: null, error_message: 'denied' }
    const { status, body } = talk(asked('POST', 'system/execute-command', { command: spec }), [
      standing(),
      no('forbidden', 'denied', { rule: 'is_safe', result: forbidden }),
    ])
    expect([status, body]).toMatchObject([
      200,
      {
        status: 'error',
        message: 'Command execution failed: denied',
        rule: 'is_safe',
        data: { success: false, error_message: 'denied' },
      },
    ])
  })

  test('POST /makefile/execute', () => {
    const make = (...replies: Parameters<typeof talk>[1] & object) =>
      talk(asked('POST', 'makefile/execute', { command: 'clean', env_vars: { A: 'b' } }), [standing(), ...replies])
    const done = make(ok({ workflow: 'program.1', outcome: 'done', result: { ...result, stderr: 'note\n' } }))
    expect(done.calls[1]).toEqual({ command: 'program.run', input: { program: { ...program, env: { A: 'b' } }, wait } })
    expect(done.body).toMatchObject({
      action: 'execute_makefile',
      command: 'clean',
      status: 'success',
      output: 'ok\nnote\n',
      exit_code: 0,
    })
    const failed = make(no('failed', 'make clean: exited with code 2', { result: { ...result, success: false, exit_code: 2 } }))
    expect([failed.status, failed.body]).toMatchObject([
      200,
      { status: 'error', message: 'Command failed with exit code 2', exit_code: 2, output: 'ok\n' },
    ])
    const never = make(no('failed', 'make clean: no such program', { result: { ...result, success: false, exit_code: null } }))
    expect(never).toMatchObject({
      status: 200,
      body: { status: 'error', message: 'Failed to execute command: make clean: no such program' },
    })
    expect(make(ok({ workflow: 'program.1', outcome: 'accepted', result: null })).body).toMatchObject({
      status: 'success',
      data: { workflow: 'program.1' },
    })
  })

  test('a target that the config does not permit is refused with those that it does', () => {
    const { calls, status, body } = talk(asked('POST', 'makefile/execute', { command: 'deploy' }))
    expect([calls, status, body]).toEqual([
      [],
      400,
      {
        action: 'execute_makefile',
        command: 'deploy',
        status: 'error',
        message: 'Command not allowed for security reasons',
        allowed_commands: ['build', 'clean'],
        field: 'command',
        rule: 'security.allowed_programs.make',
        timestamp,
      },
    ])
  })
})

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
    expect(shownIn({ ...modes, mode: null }).body).toMatchObject({ runtime_mode: 'proxy' })
  })

  test('whoever may not look is told so', () => {
    for (const path of ['status', 'system/status', 'system/services/status', 'mode', 'banner', 'banner/stream']) {
      const { status, body } = talk(asked('GET', path), [no('forbidden', 'it needs fleet.read', { permission: 'fleet.read' })])
      expect([status, body], path).toMatchObject([403, { status: 'error', message: 'it needs fleet.read' }])
    }
  })
})

describe('POST /services/{name}/…', () => {
  const act = (path: string, ...replies: Parameters<typeof talk>[1] & object) =>
    talk(asked('POST', `services/${path}`), [standing(), ...replies])

  test.each(['restart', 'stop'])('%s', (verb) => {
    const { calls, status, body } = act(`a%20b/${verb}`, ok(done))
    expect(calls[1]).toEqual({ command: `service.${verb}`, input: { services: ['a b'], wait } })
    const message = `Service 'a b' ${verb === 'stop' ? 'stopped' : 'restarted'} successfully`
    expect([status, body]).toEqual([200, { action: `${verb}_service`, service: 'a b', status: 'success', message, timestamp }])
  })

  test('start, and of what runs already only that', () => {
    const stopped = standing('running', { web: { ...running, status: 'stopped', pid: null } })
    const { calls, body } = act('web/start', stopped, ok(done))
    expect(calls.map(({ command }) => command)).toEqual(['system.status', 'system.status', 'service.start'])
    expect(body).toMatchObject({ action: 'start_service', status: 'success', message: "Service 'web' started successfully" })
    const again = act('web/start', standing('running', { web: running }))
    expect(again.calls).toHaveLength(2)
    expect(again).toMatchObject({ status: 200, body: { status: 'already_running', message: "Service 'web' is already running" } })
  })

  test('what failed is a 500 here, as in the original; what is not there is not', () => {
    const data = { results: [{ outcome: 'failed', because: 'exited with code 1' }] }
    expect(act('web/restart', no('failed', 'no', data))).toMatchObject({
      status: 500,
      body: { status: 'error', message: "Failed to restart service 'web': exited with code 1" },
    })
    const missing = no('not_found', 'there is no service "web"', { field: 'service' })
    expect(act('web/stop', missing)).toMatchObject({ status: 404, body: { status: 'error', field: 'service' } })
    expect(act('web/start', missing, missing)).toMatchObject({ status: 404 })
  })

  test.each([['%ff'], ['%'], [''], ['x'.repeat(100)]])('the name %j is none', (name) => {
    expect(talk(asked('POST', `services/${name}/restart`))).toMatchObject({ calls: [], status: 400, body: { field: 'service' } })
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

describe('requests of all kinds', () => {
  const posts = [
    'system/restart',
    'system/custom-restart',
    'system/execute-command',
    'system/switch-mode',
    'services/web/restart',
    'services/web/stop',
    'services/web/start',
    'makefile/execute',
  ]
  const gets = ['system/status', 'system/services/status', 'status', 'mode', 'banner', 'banner/stream']

  test('paths that there are not, methods that a path does not have', () => {
    for (const path of ['', 'nope', 'status/x', 'services/web', 'services/a/b/restart', 'system/restart/']) {
      expect(talk(asked('GET', path)), path).toMatchObject({ calls: [], status: 404 })
    }
    for (const path of gets) expect(talk(asked('POST', path))).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
    for (const path of posts) {
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH']) {
        expect(talk(asked(method, path))).toMatchObject({
          calls: [],
          status: 405,
          headers: { allow: 'POST' },
          body: { field: 'method' },
        })
      }
    }
  })

  test.each([
    ['{', 400, 'body'],
    ['[]', 400, 'body'],
    ['"x"', 400, 'body'],
    ['null', 400, 'body'],
    ['1 2', 400, 'body'],
    [`{"x":${'['.repeat(200)}${']'.repeat(200)}}`, 413, 'body'],
    [`{"x":[${'1,'.repeat(limits.inputValues)}1]}`, 413, 'body'],
  ])('a body like %j is refused on every route that reads one', (body, status, field) => {
    for (const path of posts)
      expect(talk(asked('POST', path, body)), path).toMatchObject({ calls: [], status, body: { status: 'error', field } })
  })

  test.each([
    ['system/restart', { service: 1 }, 'service'],
    ['system/restart', { service: '' }, 'service'],
    ['system/restart', { service: ['web'] }, 'service'],
    ['system/custom-restart', { pre_commands: {} }, 'pre_commands'],
    ['system/custom-restart', { pre_commands: [1] }, 'pre_commands.0'],
    ['system/custom-restart', { pre_commands: Array.from({ length: 33 }, () => spec) }, 'pre_commands'],
    ['system/custom-restart', { post_commands: [spec, { ...spec, command: 1 }] }, 'post_commands.1.command'],
    ['system/custom-restart', { post_commands: [{ ...spec, command: 'a\0b' }] }, 'post_commands.0.command'],
    ['system/custom-restart', { start_args: 'x' }, 'start_args'],
    ['system/custom-restart', { start_args: [1] }, 'start_args.0'],
    ['system/custom-restart', { args: ['\0'] }, 'args.0'],
    ['system/custom-restart', { env_vars: [] }, 'env_vars'],
    ['system/custom-restart', { env_vars: { A: 1 } }, 'env_vars.A'],
    ['system/custom-restart', { env_vars: { 'A=B': 'x' } }, 'env_vars.A=B'],
    ['system/custom-restart', { remember: 'yes' }, 'remember'],
    ['system/execute-command', {}, 'command'],
    ['system/execute-command', { command: 'make' }, 'command'],
    ['system/execute-command', { command: { command: 'x', is_safe: true } }, 'command.command_type'],
    ['system/execute-command', { command: { command_type: 'make', is_safe: true } }, 'command.command'],
    ['system/execute-command', { command: { command_type: 'make', command: 'x' } }, 'command.is_safe'],
    ['system/execute-command', { command: { ...spec, is_safe: 'true' } }, 'command.is_safe'],
    ['system/execute-command', { command: { ...spec, command: '' } }, 'command.command'],
    ['system/execute-command', { command: { ...spec, working_dir: 7 } }, 'command.working_dir'],
    ['system/execute-command', { command: spec, timeout_seconds: -1 }, 'timeout_seconds'],
    ['system/execute-command', { command: spec, timeout_seconds: 1e9 }, 'timeout_seconds'],
    ['makefile/execute', {}, 'command'],
    ['makefile/execute', { command: ['clean'] }, 'command'],
    ['makefile/execute', { command: 'clean', env_vars: { A: null } }, 'env_vars.A'],
  ])('%s with %j: the fault is %s', (path, body, field) => {
    const { calls, status, body: said } = talk(asked('POST', path, body))
    expect([calls, status, said]).toMatchObject([[], 400, { status: 'error', field }])
    expect((said as { message: string }).message).toMatch(new RegExp(`^${field.replaceAll('.', '\\.')}: `))
  })

  test('where a body is needed its absence is told', () => {
    for (const path of ['system/custom-restart', 'system/execute-command', 'system/switch-mode', 'makefile/execute']) {
      expect(talk(asked('POST', path)), path).toMatchObject({
        calls: [],
        status: 400,
        body: { field: 'body', message: 'body: missing, expected a JSON object' },
      })
    }
  })

  test('no text whatever makes it throw, and what is not understood is never invoked', () => {
    const dialect = dialectOf()
    fc.assert(
      fc.property(fc.constantFrom(...posts, ...gets), fc.oneof(fc.string(), fc.json()), (path, body) => {
        const { status, calls } = talk(asked('POST', path, body), [], dialect)
        expect(status === undefined ? calls.length : status).toBeLessThan(500)
      }),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { effects } = fold(dialect, [{ type: 'message', text }])
        expect(effects.map(({ type }) => type)).toEqual(['write', 'close'])
      }),
    )
  })

  test('whatever the gateway says becomes an answer', () => {
    const bodies: Readonly<Record<string, unknown>> = {
      'system/custom-restart': {},
      'system/execute-command': { command: spec },
      'system/switch-mode': { mode: 'x' },
      'makefile/execute': { command: 'clean' },
    }
    const codes = Object.keys(errorCodes) as ErrorCode[]
    const output = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          supervisor: fc.jsonValue(),
          services: fc.dictionary(fc.string(), fc.jsonValue()),
          listeners: fc.array(fc.jsonValue()),
          modes: fc.array(fc.jsonValue()),
          results: fc.array(fc.jsonValue()),
          result: fc.jsonValue(),
          outcome: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
    )
    const reply = fc.oneof(
      output.map(ok),
      fc
        .tuple(fc.constantFrom(...codes), fc.string(), fc.dictionary(fc.string(), fc.jsonValue()))
        .map(([code, message, data]) => no(code, message, data)),
    )
    fc.assert(
      fc.property(fc.constantFrom(...posts, ...gets), fc.array(reply, { minLength: 4, maxLength: 4 }), (path, replies) => {
        const { status = 0, effects } = talk(asked(gets.includes(path) ? 'GET' : 'POST', path, bodies[path] ?? ''), replies)
        expect([200, 400, 401, 403, 404, 413, 500, 503]).toContain(status)
        const closed = effects.findIndex(({ type }) => type === 'close')
        expect(path === 'banner/stream' || closed === effects.length - 1).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('it says one thing: what comes after its answer changes nothing', () => {
    const { state, dialect } = talk(asked('GET', 'nope'))
    const more = [asked('POST', 'system/restart'), { type: 'ended' }, { type: 'replied', corr: '1', reply: ok({}) }] as const
    expect(fold(dialect, more, state)).toEqual({ state, effects: [] })
  })

  test('a second request, an answer to nobody, and what the codec refuses', () => {
    const dialect = dialectOf()
    const { state, effects } = fold(dialect, [asked('POST', 'system/restart'), asked('POST', 'system/restart')])
    expect(effects).toHaveLength(1)
    expect(dialect.pending(state)).toBe(1)
    expect(fold(dialect, [{ type: 'replied', corr: 'x', reply: ok({}) }], state).effects).toEqual([])
    const refused = fold(dialect, [{ type: 'malformed', code: 'timeout', because: 'it took too long' }])
    expect(refused.effects.at(-1)).toEqual({ type: 'close', because: 'it took too long' })
  })
})
