import { describe, expect, test } from 'vitest'
import { limits } from '../../src/protocol/limits.ts'
import { complies } from './compliance.ts'
import {
  dialect,
  dialectOf,
  failing,
  kinds,
  processStatus,
  result,
  running,
  said,
  saying,
  statusOf,
  talk,
  wait,
} from '../support/control-talk.ts'

complies({
  dialect,
  request: () => '"Status"',
  inOrder: true,
  garbage: [
    'hello',
    '{',
    '"',
    '[]',
    '42',
    '',
    '{}',
    '{"Restart":[]}',
    '{"type":"Status"}',
    'status one two',
    'auth',
    '{"__proto__":{"x":1}}',
    '['.repeat(200_000),
    `{"Restart":{"x":${'['.repeat(limits.jsonDepth)}`,
    'POST / HTTP/1.1',
  ],
})

describe('the eight commands', () => {
  test('Status is the process of the default service, with the metrics of all', () => {
    const { calls: made, answer, effects } = talk('"Status"', [saying(statusOf())])
    expect(made).toEqual([{ command: 'system.status', input: {} }])
    expect(answer).toEqual(
      said(true, 'Status retrieved successfully', {
        ...processStatus,
        supervisor: { status: 'running', uptime: 60, managed_services: 1 },
        services: {
          magictunnel: { status: 'running', pid: 15329, uptime: 2, memory_mb: 48.1, cpu_percent: 3, restart_count: 0 },
        },
      }),
    )
    expect(kinds(effects)).toEqual(['invoke', 'write', 'close'])
    expect(talk('{"Status":null}', [saying(statusOf())]).answer).toEqual(answer)
  })

  test('Status of what is stopped, and of nothing at all', () => {
    const stopped = {
      ...running,
      status: 'stopped',
      pid: null,
      uptime: 0,
      restart_count: 3,
      last_restart: '2026-01-01T00:00:00.000Z',
    }
    expect(talk('"Status"', [saying(statusOf(stopped))]).answer?.data).toMatchObject({
      ...processStatus,
      health_status: 'stopped',
      last_restart: '2026-01-01T00:00:00.000Z',
      pid: null,
      restart_count: 3,
      status: 'stopped',
      uptime_seconds: null,
    })
    const empty = { supervisor: { status: 'running', uptime: 1, managed_services: 0 }, services: {}, listeners: [] }
    expect(talk('"Status"', [saying(empty)], dialectOf({ defaultService: () => null })).answer).toMatchObject({
      success: true,
      data: {
        args: [],
        health_status: 'stopped',
        pid: null,
        status: 'stopped',
        uptime_seconds: null,
        last_restart: null,
        services: {},
      },
    })
  })

  test.each([
    ['running', 15329, true, 'Healthy', 'healthy'],
    ['unhealthy', 15329, false, 'Unhealthy', 'unhealthy'],
    ['starting', 15329, false, 'Unhealthy', 'starting'],
    ['backing_off', null, false, 'Unhealthy', 'stopped'],
  ])('HealthCheck while it is %s', (status, pid, healthy, word, health) => {
    const { calls: made, answer } = talk('"HealthCheck"', [saying(statusOf({ ...running, status, pid }))])
    expect(made).toEqual([{ command: 'system.status', input: { services: ['magictunnel'] } }])
    expect(answer).toEqual(said(true, word, { healthy }))
    expect(talk('"Status"', [saying(statusOf({ ...running, status, pid }))]).answer?.data).toMatchObject({
      health_status: health,
    })
  })

  test.each([
    '{"Restart":{}}',
    '{"Restart":{"args":null}}',
    '{"Restart":{"args":null,"more":[{}]}}',
    'restart',
    'ReStArT magictunnel',
  ])('%s restarts, then tells how it is', (text) => {
    const { calls: made, answer } = talk(text, [saying(result('done')), saying(statusOf())])
    expect(made).toEqual([
      { command: 'service.restart', input: { services: ['magictunnel'], wait } },
      { command: 'system.status', input: { services: ['magictunnel'] } },
    ])
    expect(answer).toEqual(said(true, 'MagicTunnel restarted successfully', processStatus))
  })

  test('a group is its members: the first that is not well, and well when all are; what has completed has done its part', () => {
    const fleet = (status: string) => ({
      supervisor: { status: 'running', uptime: 1, managed_services: 3 },
      services: {
        migrate: { ...running, status: 'completed', pid: null },
        db: { ...running, pid: 7 },
        web: { ...running, pid: 8, status },
      },
      groups: { backend: { members: ['migrate', 'db', 'web'] } },
      listeners: [],
    })
    const ask = (text: string, status: string) => talk(text, [saying(fleet(status))]).answer
    expect(ask('status backend', 'running')?.data).toMatchObject({ pid: 7, health_status: 'healthy' })
    expect(ask('status backend', 'unhealthy')?.data).toMatchObject({ pid: 8, health_status: 'unhealthy' })
    expect(ask('health backend', 'running')?.data).toEqual({ healthy: true })
    expect(ask('health backend', 'starting')?.data).toEqual({ healthy: false })
    expect(ask('health toString', 'running')?.data).toEqual({ healthy: false })
  })

  test('Restart with arguments is a custom restart', () => {
    const { calls: made, answer } = talk('{"Restart":{"args":["--mode","x"]}}', [saying({ outcome: 'done' }), saying(statusOf())])
    expect(made[0]).toEqual({ command: 'service.custom_restart', input: { service: 'magictunnel', args: ['--mode', 'x'], wait } })
    expect(answer).toEqual(said(true, 'MagicTunnel restarted successfully', processStatus))
  })

  test('a restart that failed says why; one that goes on says where it is', () => {
    const data = result('failed', { because: 'exited with code 1' })
    expect(talk('{"Restart":{}}', [failing('failed', 'magictunnel was not restarted: …', data)]).answer).toEqual(
      said(false, 'Failed to restart MagicTunnel: exited with code 1'),
    )
    expect(talk('{"Restart":{}}', [failing('shutting_down', 'the orchestrator is stopping')]).answer).toEqual(
      said(false, 'Failed to restart MagicTunnel: the orchestrator is stopping'),
    )
    expect(talk('{"Restart":{}}', [saying(result('accepted'))]).answer).toEqual(
      said(true, 'MagicTunnel is not restarted yet; it goes on', {
        workflow: 'restart.1',
        step: 'probing',
        service: 'magictunnel',
      }),
    )
  })

  test('a group is its members: Status, Health and Restart of it', () => {
    const members = { db: running, once: { ...running, status: 'completed', pid: null }, web: { ...running, pid: 7 } }
    const of = (services: object) => saying({ ...statusOf(), services, groups: { backend: { members: Object.keys(services) } } })
    const dead = { ...members, web: { ...members.web, status: 'failed', pid: null } }
    expect(talk('status backend', [of(members)]).answer?.data).toMatchObject({ pid: running.pid, status: 'running' })
    expect(talk('status backend', [of(dead)]).answer?.data).toMatchObject({ pid: null, status: 'stopped' })
    expect(talk('health backend', [of(members)]).answer?.data).toEqual({ healthy: true })
    expect(talk('health backend', [of(dead)]).answer?.data).toEqual({ healthy: false })
    expect(talk('restart backend', [saying(result('done')), of(members)]).answer?.data).toMatchObject({ pid: running.pid })
  })

  test('of several that were to be restarted, the one that was not is named', () => {
    const results = [
      { service: 'web-1', outcome: 'done', because: 'restarted by someone' },
      { service: 'web-2', outcome: 'failed', because: 'exited with code 1' },
    ]
    const failed = failing('failed', 'web-2 was not restarted: exited with code 1', { results })
    expect(talk('restart web', [failed]).answer).toEqual(
      said(false, 'Failed to restart web: web-2 was not restarted: exited with code 1'),
    )
  })

  test('who may restart and not ask for the status is told that it was done', () => {
    const { answer } = talk('{"Restart":{}}', [saying(result('done')), failing('forbidden', 'no')])
    expect(answer).toEqual(said(true, 'MagicTunnel restarted successfully'))
  })

  test('Stop', () => {
    const { calls: made, answer } = talk('"Stop"', [saying(result('done', { workflow: null }))])
    expect(made).toEqual([{ command: 'service.stop', input: { services: ['magictunnel'], wait } }])
    expect(answer).toEqual(said(true, 'MagicTunnel stopped successfully'))
    expect(talk('"Stop"', [saying(result('accepted', { state: 'terminating', workflow: null }))]).answer).toEqual(
      said(true, 'MagicTunnel is not stopped yet; it goes on', { state: 'terminating' }),
    )
    expect(talk('"Stop"', [failing('storage', 'the disk is full')]).answer?.message).toBe(
      'Failed to stop MagicTunnel: the disk is full',
    )
  })

  test('ReloadConfig', () => {
    const { calls: made, answer } = talk('{"ReloadConfig":{"config_path":"/a.yaml"}}', [
      saying({ config: '/a.yaml', changes: [], unchanged: 1 }),
      saying(statusOf()),
    ])
    expect(made[0]).toEqual({ command: 'system.reload', input: { config_path: '/a.yaml', wait } })
    expect(answer).toEqual(said(true, 'Configuration reloaded successfully', processStatus))
    expect(talk('{"ReloadConfig":{"config_path":null}}', []).calls).toEqual([{ command: 'system.reload', input: { wait } }])
    const problems = ['1:1 services: expected a map']
    expect(talk('{"ReloadConfig":{}}', [failing('invalid_params', problems[0] ?? '', { problems })]).answer).toEqual(
      said(false, 'Failed to reload configuration: 1:1 services: expected a map', { problems }),
    )
  })

  test('Shutdown is answered when it is accepted', () => {
    const { calls: made, answer, effects } = talk('"Shutdown"', [saying({ pid: 1, stopped: [] })])
    expect(made).toEqual([{ command: 'system.shutdown', input: { wait: false } }])
    expect(answer).toEqual(said(true, 'Supervisor shutting down'))
    expect(kinds(effects)).toEqual(['invoke', 'write', 'close'])
    expect(talk('shutdown', [failing('forbidden', 'not yours')]).answer).toEqual(said(false, 'Failed to shut down: not yours'))
  })
})

describe('programs', () => {
  const given = { command_type: 'Make', command: 'build', is_safe: true }
  const program = { type: 'make', command: 'build', is_safe: true }
  const shownCommand = {
    args: null,
    command: 'build',
    command_type: 'Make',
    description: null,
    env: null,
    is_safe: true,
    working_dir: null,
  }
  const ran = {
    program,
    success: true,
    exit_code: 0,
    stdout: 'built\n',
    stderr: '',
    truncated: false,
    execution_time_ms: 22,
    error_message: null,
  }
  const shownResult = {
    command: shownCommand,
    error_message: null,
    execution_time_ms: 22,
    exit_code: 0,
    stderr: '',
    stdout: 'built\n',
    success: true,
  }
  const execute = (more: object = {}): string => JSON.stringify({ ExecuteCommand: { command: given, ...more } })

  test('ExecuteCommand', () => {
    const { calls: made, answer } = talk(execute({ timeout_seconds: 5 }), [
      saying({ workflow: 'program.1', outcome: 'done', result: ran }),
    ])
    expect(made).toEqual([{ command: 'program.run', input: { program, timeout_ms: 5000, wait } }])
    expect(answer).toEqual(said(true, 'Command executed successfully', shownResult))
    expect(talk(execute({ timeout_seconds: null }), []).calls[0]?.input).toEqual({ program, wait })
    expect(talk(execute({ timeout_seconds: 1.5 }), []).calls).toEqual([])
    expect(
      talk(
        '{"ExecuteCommand":{"command":{"command_type":"Make","command":"build","is_safe":true},"timeout_seconds":18446744073709551615}}',
        [],
      ).calls[0]?.input,
    ).toEqual({
      program,
      timeout_ms: limits.duration,
      wait,
    })
    expect(talk(execute(), [saying({ workflow: 'program.1', outcome: 'accepted', result: null })]).answer).toEqual(
      said(true, 'Command is not finished yet; it goes on', { workflow: 'program.1', step: null }),
    )
  })

  test('a command with everything', () => {
    const whole = {
      command_type: 'Npm',
      command: 'run x',
      args: ['a'],
      working_dir: '/w',
      env: { A: 'b' },
      description: 'd',
      is_safe: false,
    }
    const { calls: made } = talk(JSON.stringify({ ExecuteCommand: { command: whole, timeout_seconds: 0 } }), [])
    const { command_type: _, ...rest } = whole
    expect(made).toEqual([{ command: 'program.run', input: { program: { ...rest, type: 'npm' }, timeout_ms: 1, wait } }])
  })

  test('a command that failed', () => {
    const unsafe = {
      ...ran,
      program: { ...program, is_safe: false },
      success: false,
      exit_code: null,
      stdout: null,
      stderr: null,
      execution_time_ms: 0,
    }
    const denied = 'Command marked as unsafe and execution was denied'
    expect(
      talk(execute(), [failing('forbidden', 'refused', { rule: 'is_safe', result: { ...unsafe, error_message: denied } })])
        .answer,
    ).toEqual(
      said(false, `Command execution failed: ${denied}`, {
        ...shownResult,
        command: { ...shownCommand, is_safe: false },
        error_message: denied,
        execution_time_ms: 0,
        exit_code: null,
        stderr: null,
        stdout: null,
        success: false,
      }),
    )
    const exit = { ...ran, success: false, exit_code: 2 }
    expect(talk(execute(), [failing('failed', 'it exited with code 2', { workflow: 'program.1', result: exit })]).answer).toEqual(
      said(false, 'Command execution failed: it exited with code 2', { ...shownResult, success: false, exit_code: 2 }),
    )
    expect(talk(execute(), [failing('overloaded', 'too many programs')]).answer).toEqual(
      said(false, 'Command execution failed: too many programs'),
    )
    const cutOff = { ...ran, truncated: true }
    expect(talk(execute(), [saying({ outcome: 'done', result: cutOff })]).answer?.data).toEqual({
      ...shownResult,
      truncated: true,
    })
  })

  test('CustomRestart', () => {
    const text = JSON.stringify({
      CustomRestart: { pre_commands: [given], start_args: ['--mode', 'x'], post_commands: [given], env_vars: { FOO: 'bar' } },
    })
    const output = {
      service: 'magictunnel',
      workflow: 'restart.1',
      step: null,
      outcome: 'done',
      because: null,
      pre_command_results: [ran],
      restart_successful: true,
      post_command_results: [ran],
      total_execution_time_ms: 2005,
      overall_success: true,
    }
    const { calls: made, answer } = talk(text, [saying(output)])
    expect(made).toEqual([
      {
        command: 'service.custom_restart',
        input: {
          service: 'magictunnel',
          pre_commands: [program],
          args: ['--mode', 'x'],
          post_commands: [program],
          env: { FOO: 'bar' },
          wait,
        },
      },
    ])
    const shown = {
      overall_success: true,
      post_command_results: [shownResult],
      pre_command_results: [shownResult],
      restart_successful: true,
      total_execution_time_ms: 2005,
    }
    expect(answer).toEqual(said(true, 'Custom restart sequence completed successfully', shown))

    const bad = {
      ...output,
      outcome: 'failed',
      because: 'a pre-command failed',
      restart_successful: false,
      overall_success: false,
      post_command_results: [],
    }
    expect(talk(text, [failing('failed', 'x', bad)]).answer).toEqual(
      said(false, 'Custom restart sequence completed with errors', {
        ...shown,
        because: 'a pre-command failed',
        overall_success: false,
        restart_successful: false,
        post_command_results: [],
      }),
    )
    expect(talk(text, [saying({ ...output, outcome: 'accepted', step: 'pre_commands' })]).answer).toEqual(
      said(true, 'Custom restart sequence is not completed yet; it goes on', {
        workflow: 'restart.1',
        step: 'pre_commands',
        service: 'magictunnel',
      }),
    )
    expect(talk(text, [failing('forbidden', 'not allowed')]).answer).toEqual(
      said(false, 'Custom restart sequence failed: not allowed'),
    )
  })
})
