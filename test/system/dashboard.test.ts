import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, test } from 'vitest'
import { dashboardFleet, type DashboardFleet } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet } from '../support/fleet.ts'
import { specOf } from '../support/specs.ts'

/** MagicTunnel's dashboard API through the real listener, with real processes. */

let fleet: DashboardFleet | undefined
const folders: string[] = []
const removeFolders = (): void => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}
afterEach(async () => {
  removeFolders()
  await fleet?.end()
  fleet = undefined
})
const start = async (...given: Parameters<typeof dashboardFleet>): Promise<DashboardFleet> => {
  fleet = await dashboardFleet(...given)
  return fleet
}
const folderOf = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'hyphae-dashboard-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

const rfc3339 = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}\+00:00$/) as unknown
const echo = (words: string) => ({ command_type: 'shell', command: `echo ${words}`, is_safe: true })
const sleeper = (name: string) => specOf({ name, command: '/bin/sleep', args: ['1000'] })

/** Ends no sooner than its folder is gone. */
const stubborn = () =>
  specOf({
    name: 'web',
    command: '/bin/sh',
    args: ['-c', 'trap "" TERM; echo trapped; while [ -e "$0" ]; do sleep 0.1; done', folderOf({})],
    stopGrace: 60_000,
  })

describe('restarts', () => {
  test('POST /system/restart: the default service, or the one that is named', async () => {
    const { post, status, until } = await start({ services: [sleeper('web'), sleeper('db')], defaultService: 'web' })
    await until('db', 'healthy')
    const before = { web: status('web').pid, db: status('db').pid }
    const { status: code, body, headers } = await post('system/restart')
    expect([code, headers.get('content-type'), headers.get('cache-control')]).toEqual([200, 'application/json', 'no-store'])
    expect(body).toEqual({
      action: 'restart_magictunnel',
      status: 'success',
      message: 'web restarted successfully',
      data: {
        args: ['1000'],
        health_status: 'healthy',
        last_restart: expect.any(String) as unknown,
        pid: status('web').pid,
        restart_count: 1,
        status: 'running',
        uptime_seconds: expect.any(Number) as unknown,
      },
      timestamp: rfc3339,
    })
    expect(status('web').pid).not.toBe(before.web)
    expect(status('db').pid).toBe(before.db)
    expect((await post('system/restart', { service: 'db' })).body).toMatchObject({
      status: 'success',
      message: 'db restarted successfully',
    })
    expect(status('db').pid).not.toBe(before.db)
    expect(await post('system/restart', { service: 'dbb' })).toMatchObject({
      status: 404,
      body: {
        action: 'restart_magictunnel',
        status: 'error',
        field: 'service',
        message: expect.stringContaining('did you mean "db"?') as unknown,
      },
    })
  })

  test('one that fails is answered with 200 and the reason', async () => {
    const folder = folderOf({ program: 'exec sleep 1000\n' })
    const command = join(folder, 'program')
    const { post } = await start({
      services: [
        specOf({
          name: 'web',
          command: '/bin/sh',
          args: [command],
          restart: { policy: 'never' },
          startTimeout: 5_000,
          readiness: null,
        }),
      ],
    })
    writeFileSync(command, 'exit 7\n')
    const { status, body } = await post('system/custom-restart', { env_vars: { WHO: 'page' } })
    expect([status, body]).toMatchObject([
      200,
      { action: 'custom_restart', status: 'error', data: { restart_successful: false } },
    ])
    expect(JSON.stringify(body)).toContain('exited with code 7')
  })

  test('POST /system/custom-restart: commands, arguments and variables', async () => {
    const { post, status, call } = await start({
      services: [specOf({ name: 'web', command: '/bin/sh', args: ['-c', 'echo $0 $WHO; exec sleep 1000'] })],
    })
    const { status: code, body } = await post('system/custom-restart', {
      pre_commands: [echo('one'), { command_type: 'Binary', command: '/bin/cat', args: ['/proc/self/comm'], is_safe: true }],
      start_args: ['-c', 'echo $0 $WHO; exec sleep 1001', 'new'],
      post_commands: [echo('"Restart complete"')],
      env_vars: { WHO: 'page' },
    })
    expect([code, body]).toMatchObject([
      200,
      {
        action: 'custom_restart',
        status: 'success',
        message: 'Custom restart sequence completed successfully',
        data: {
          overall_success: true,
          restart_successful: true,
          pre_command_results: [{ stdout: 'one\n' }, { stdout: 'cat\n', command: { command_type: 'Binary' } }],
          post_command_results: [{ stdout: 'Restart complete\n', exit_code: 0 }],
        },
        timestamp: rfc3339,
      },
    ])
    await eventually(async () => expect((await call('logs.read', {})).lines.at(-1)).toMatchObject({ line: 'new page' }))
    expect(status('web').args).toContain('new')
  })

  test('with `remember: false` the next start is as before', async () => {
    const { post, status } = await start()
    expect((await post('system/custom-restart', { args: ['999'], remember: false })).body).toMatchObject({ status: 'success' })
    expect(status('web').args).toEqual(['999'])
    await post('services/web/restart')
    expect(status('web').args).toEqual(['1000'])
  })

  test('a command that failed, and one that is not permitted, leave the service as it is', async () => {
    const { post, status } = await start()
    const { pid } = status('web')
    const failing = { command_type: 'shell', command: 'sh -c "exit 3"', is_safe: true }
    const failed = await post('system/custom-restart', { pre_commands: [failing, echo('two')] })
    expect([failed.status, failed.body]).toMatchObject([
      200,
      {
        status: 'error',
        data: {
          overall_success: false,
          restart_successful: false,
          pre_command_results: [{ exit_code: 3, success: false }, { stdout: 'two\n' }],
        },
      },
    ])
    const refused = await post('system/custom-restart', { pre_commands: [{ ...echo('x'), is_safe: false }] })
    expect([refused.status, refused.body]).toMatchObject([200, { status: 'error', rule: 'is_safe' }])
    const shell = await post('system/custom-restart', { pre_commands: [echo('x; touch y')] })
    expect([shell.status, shell.body]).toMatchObject([200, { status: 'error', rule: 'security.allow_shell' }])
    const variable = await post('system/custom-restart', { env_vars: { LD_PRELOAD: 'x' } })
    expect([variable.status, variable.body]).toMatchObject([403, { status: 'error', rule: 'env' }])
    expect(status('web').pid).toBe(pid)
  })
})

describe('commands alone', () => {
  test('POST /system/execute-command: arguments stay arguments, and a failure is one', async () => {
    const { post } = await start()
    const run = (command: object, more: object = {}) => post('system/execute-command', { command, ...more })
    expect(await run({ ...echo('a'), args: ['; touch x', '$HOME'] })).toMatchObject({
      status: 200,
      body: {
        action: 'execute_command',
        status: 'success',
        data: { stdout: 'a ; touch x $HOME\n', exit_code: 0, success: true },
      },
    })
    expect(await run({ command_type: 'shell', command: 'sh -c "exit 4"', is_safe: true })).toMatchObject({
      status: 200,
      body: { status: 'error', data: { exit_code: 4, success: false } },
    })
    expect(await run({ command_type: 'shell', command: 'sleep 1000', is_safe: true }, { timeout_seconds: 1 })).toMatchObject({
      status: 200,
      body: { status: 'error', message: expect.stringContaining('timed out') as unknown },
    })
    expect(await run({ command_type: 'cargo', command: 'build', is_safe: true })).toMatchObject({
      status: 200,
      body: { status: 'error', rule: 'security.allowed_programs.cargo' },
    })
  })

  test('POST /makefile/execute: targets that the config permits', async () => {
    // A make of our own, because not every machine has one: what a target does stands in a file of its name.
    const folder = folderOf({ make: '#!/bin/sh\n. "./$1"\n', clean: 'echo cleaned $WHAT\n', all: 'exit 2\n', 'hyphae.yaml': '' })
    chmodSync(join(folder, 'make'), 0o755)
    const { post, facts } = await start({
      configPath: join(folder, 'hyphae.yaml'),
      environment: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
      programs: { allowed: { make: ['clean', 'all'], shell: [], binary: [], cargo: [], npm: [] }, allowShell: false },
    })
    expect(await post('makefile/execute', { command: 'clean', env_vars: { WHAT: 'all' } })).toMatchObject({
      status: 200,
      body: {
        action: 'execute_makefile',
        command: 'clean',
        status: 'success',
        output: 'cleaned all\n',
        exit_code: 0,
        timestamp: rfc3339,
      },
    })
    expect(await post('makefile/execute', { command: 'all' })).toMatchObject({
      status: 200,
      body: { status: 'error', message: 'Command failed with exit code 2', exit_code: 2 },
    })
    expect(await post('makefile/execute', { command: 'deploy' })).toMatchObject({
      status: 400,
      body: { status: 'error', message: 'Command not allowed for security reasons', allowed_commands: ['clean', 'all'] },
    })
    expect(facts.filter(({ type }) => type === 'program.refused')).toMatchObject([
      { because: expect.stringContaining('make deploy') as unknown },
    ])
  })
})

describe('services', () => {
  test('stop, start, start again, restart', async () => {
    const { post, status, until } = await start({ services: [sleeper('web'), sleeper('a.b')] })
    const act = (path: string) => post(`services/${path}`)
    expect(await act('web/stop')).toMatchObject({
      status: 200,
      body: { action: 'stop_service', service: 'web', status: 'success', timestamp: rfc3339 },
    })
    await until('web', 'stopped')
    expect(await act('web/start')).toMatchObject({ status: 200, body: { action: 'start_service', status: 'success' } })
    expect(await act('web/start')).toMatchObject({ status: 200, body: { status: 'already_running' } })
    await until('a.b', 'healthy')
    const { pid } = status('a.b')
    expect(await act('a%2Eb/restart')).toMatchObject({
      status: 200,
      body: { service: 'a.b', status: 'success', message: "Service 'a.b' restarted successfully" },
    })
    expect(status('a.b').pid).not.toBe(pid)
    expect(await act('a%2Fb/restart')).toMatchObject({ status: 404, body: { service: 'a/b', status: 'error', field: 'service' } })
    expect(await act('%E0%A4%A/restart')).toMatchObject({ status: 400, body: { field: 'service' } })
  })

  test('what can not be started is a 500 with the reason', async () => {
    const { post } = await start({
      services: [
        sleeper('web'),
        specOf({ name: 'bad', command: '/nowhere/program', autostart: false, restart: { policy: 'never' } }),
      ],
    })
    expect(await post('services/bad/start')).toMatchObject({
      status: 500,
      body: {
        action: 'start_service',
        service: 'bad',
        status: 'error',
        message: expect.stringMatching(/^Failed to start service 'bad': .*program/) as unknown,
      },
    })
  })
})

describe('how it is', () => {
  test('GET /status, /system/status and /system/services/status', async () => {
    const { get, status, until } = await start({
      services: [
        sleeper('web'),
        specOf({ ...sleeper('tools'), kind: 'mcp', category: 'advanced' }),
        specOf({ ...sleeper('later'), kind: 'mcp', autostart: false }),
      ],
      environment: { PATH: process.env['PATH'], MAGICTUNNEL_ENV: 'test', MAGICTUNNEL_API_KEY: 'sesame' },
    })
    await until('tools', 'healthy')
    const { body, text } = await get('system/status')
    expect(body).toMatchObject({
      status: 'healthy',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as unknown,
      uptime: expect.stringMatching(/^\d+s$|^\d+m \d+s$/) as unknown,
      total_tools: 0,
      memory_usage: expect.stringMatching(/^\d+\.\d MB$/) as unknown,
      external_mcp: { servers_configured: 2, servers_active: 1 },
      environment: { magictunnel_env: 'test' },
      supervisor: {
        available: true,
        status: 'healthy',
        data: { pid: status('web').pid, status: 'running' },
        message: 'Status retrieved successfully',
      },
      restart_capability: { available: true, method: 'supervisor', port: expect.any(Number) as unknown },
      services: { web: { status: 'running' }, tools: { status: 'running' }, later: { status: 'stopped' } },
    })
    expect(body['memory_usage']).not.toBe('0.0 MB')
    expect(text).not.toContain('sesame')
    const { supervisor: _, restart_capability: __, services: ___, ...basic } = body
    const { body: less } = await get('status')
    expect(Object.keys(less)).toEqual(Object.keys(basic))
    expect((await get('system/services/status')).body).toMatchObject({
      total_services: 3,
      is_healthy: true,
      services: [
        { name: 'web', status: 'running', category: 'core' },
        { name: 'tools', status: 'running', category: 'advanced' },
        { name: 'later', status: 'stopped', category: 'core' },
      ],
      categories: { core: 2, advanced: 1 },
    })
  })

  test('a service that fails is seen', async () => {
    const { get, until } = await start({
      services: [sleeper('web'), specOf({ name: 'bad', command: '/nowhere/program', restart: { policy: 'never' } })],
    })
    await until('bad', 'failed')
    expect((await get('status')).body).toMatchObject({ status: 'degraded' })
    expect((await get('system/services/status')).body).toMatchObject({
      is_healthy: false,
      services: [{ status: 'running' }, { status: 'failed', message: expect.stringContaining('program') as unknown }],
    })
  })
})

describe('a fleet that ends', () => {
  test('is not available, and says so with 503', async () => {
    const { call, get, post } = await start({ services: [stubborn()] })
    await eventually(async () => expect((await call('logs.read', {})).lines).toMatchObject([{ line: 'trapped' }]))
    await call('system.shutdown', { wait: false })
    for (const [path, body] of [
      ['system/restart', undefined],
      ['system/custom-restart', {}],
      ['system/execute-command', { command: echo('x') }],
      ['makefile/execute', { command: 'clean' }],
    ] as const) {
      expect(await post(path, body), path).toMatchObject({
        status: 503,
        body: {
          status: 'supervisor_unavailable',
          message: expect.stringContaining('it is stopping') as unknown,
          details: { supervisor_port: expect.any(Number) as unknown },
        },
      })
    }
    expect(await post('services/web/restart')).toMatchObject({ status: 503, body: { status: 'unavailable' } })
    expect((await get('system/status')).body).toMatchObject({
      status: 'stopping',
      supervisor: { available: false, status: 'unavailable' },
    })
  })
})

describe('what is under way when all ends', () => {
  test('is told so, in the shape of this API', async () => {
    const one = await start({ services: [stubborn()] })
    await eventually(async () => expect((await one.call('logs.read', {})).lines).toMatchObject([{ line: 'trapped' }]))
    const asked = one.post('services/web/stop')
    await one.fact('web', 'service.stopping')
    await one.leave()
    removeFolders()
    // What an earlier run left is for the next one to end.
    fleet = undefined
    await (await startFleet([], { stateDir: one.stateDir })).end()
    expect(await asked).toMatchObject({
      status: 503,
      body: { status: 'supervisor_unavailable', message: 'the orchestrator ends' },
    })
  })
})
