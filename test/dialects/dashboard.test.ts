import { describe, expect, test } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import { processStatus, running } from '../support/control-talk.ts'
import { asked, dialectOf, look, no, ok, program, result, spec, standing, talk, timestamp } from '../support/dashboard-talk.ts'

/** The dashboard API as a fold: what is done on request, and its answers in the original's shapes. */

const wait = limits.dashboardAnswerTime
const done = { results: [{ service: 'web', outcome: 'done', state: 'healthy', pid: 7, because: null, workflow: 'restart.1' }] }
const goesOn = {
  results: [{ service: 'web', outcome: 'accepted', state: 'probing', pid: 7, because: null, workflow: 'restart.1' }],
}
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
    const rule = 'security.allowed_programs.make'
    const refused = no('forbidden', `make "deploy" is not among ${rule}`, {
      rule,
      result: { ...result, success: false, exit_code: null },
    })
    const { calls, status, body } = talk(asked('POST', 'makefile/execute', { command: 'deploy' }), [standing(), refused])
    // It is asked all the same: whoever judges writes down what he refuses.
    expect([calls.map(({ command }) => command), status, body]).toEqual([
      ['system.status', 'program.run'],
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
