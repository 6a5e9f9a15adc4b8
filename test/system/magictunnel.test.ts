import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import type { OrchestratorOptions } from '../../src/options.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { ControlClient, type ControlAnswer } from '../support/control-port.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { probe, specOf } from '../support/specs.ts'

/** The supervisor's control port as clients of the original know it: real sockets, real processes. */

let fleet: Fleet | undefined
const clients: ControlClient[] = []
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy()
  await fleet?.end()
  fleet = undefined
})

/** A make of our own, because not every machine has one: what a target does stands in a file of its name. */
const tools = mkdtempSync(join(tmpdir(), 'hyphae-tools-'))
writeFileSync(join(tools, 'make'), '#!/bin/sh\n. "./$1"\n', { mode: 0o755 })
afterAll(() => rmSync(tools, { recursive: true, force: true }))

const tunnel = specOf({ name: 'magictunnel', command: '/bin/sleep', args: ['1000'] })

async function start(services: readonly ServiceSpec[] = [tunnel], options: Partial<OrchestratorOptions> = {}) {
  const one = await startFleet(services, {
    listeners: [{ name: 'supervisor', endpoint: 'tcp:127.0.0.1:0', dialect: 'magictunnel' }],
    environment: { ...process.env, PATH: `${tools}:${process.env['PATH']}` },
    programs: {
      allowed: { make: ['build', 'check', 'test'], shell: ['echo'], binary: ['/nowhere/program'], cargo: [], npm: [] },
      allowShell: false,
    },
    loadConfig: (path) => Promise.resolve({ path, services: loadConfig(path ?? '', process.env).services }),
    ...options,
  })
  fleet = one
  for (const { name } of services) await one.until(name, 'healthy')
  const address = one.orchestrator.view.listeners()[0]?.address ?? ''
  const dial = (): ControlClient => {
    const client = new ControlClient(address)
    clients.push(client)
    return client
  }
  /** As the original's client: connect, one line, one answer. */
  const ask = (text: string): Promise<ControlAnswer> => dial().say(`${text}\n`).answer()
  const commands = () => one.facts.filter(({ type }) => type === 'command.accepted').map(({ because }) => because)
  const connections = () => Array.from(one.orchestrator.view.actors()).filter(({ kind }) => kind === 'connection')
  return { ...one, dial, ask, commands, connections }
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}\+00:00$/
const answered = (success: boolean, message: string, data: unknown = null) => ({
  success,
  message,
  data,
  timestamp: expect.stringMatching(rfc3339) as unknown,
})
const running = {
  args: ['1000'],
  health_status: 'healthy',
  last_restart: null,
  pid: expect.any(Number) as unknown,
  restart_count: 0,
  status: 'running',
  uptime_seconds: expect.any(Number) as unknown,
}
const restarted = { ...running, restart_count: 1, last_restart: expect.any(String) as unknown }

describe('what was recorded of the original', () => {
  test('text is a command here; the original refused it', async () => {
    const { ask } = await start()
    expect(await ask('status')).toMatchObject({ success: true, message: 'Status retrieved successfully', data: running })
  })

  test('Status', async () => {
    const { ask, status } = await start()
    const { pid } = status('magictunnel')
    const answer = await ask('"Status"')
    expect(answer).toEqual(
      answered(true, 'Status retrieved successfully', {
        ...running,
        pid,
        supervisor: { status: 'running', uptime: expect.any(Number) as unknown, managed_services: 1 },
        services: {
          magictunnel: {
            status: 'running',
            pid,
            uptime: expect.any(Number) as unknown,
            memory_mb: expect.any(Number) as unknown,
            cpu_percent: expect.any(Number) as unknown,
            restart_count: 0,
          },
        },
      }),
    )
    expect(Object.keys(answer)).toEqual(['success', 'message', 'data', 'timestamp'])
  })

  test('HealthCheck, up and down', async () => {
    const { ask } = await start()
    expect(await ask('"HealthCheck"')).toEqual(answered(true, 'Healthy', { healthy: true }))
    await ask('"Stop"')
    expect(await ask('"HealthCheck"')).toEqual(answered(true, 'Unhealthy', { healthy: false }))
  })

  test('Restart, and again at once: there is no cooldown and no limit', async () => {
    const { ask, status } = await start()
    const before = status('magictunnel').pid
    const first = await ask('{"Restart":{}}')
    expect(first).toEqual(answered(true, 'MagicTunnel restarted successfully', restarted))
    expect(first.data?.['pid']).not.toBe(before)
    for (let n = 2; n <= 6; n++) {
      expect(await ask('{"Restart":{"args":null}}')).toMatchObject({ success: true, data: { restart_count: n } })
    }
  })

  test('a restart that fails says why', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hyphae-control-'))
    const command = join(folder, 'program')
    writeFileSync(command, '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 })
    const { ask } = await start([specOf({ name: 'magictunnel', command, restart: { policy: 'never' } })])
    rmSync(folder, { recursive: true })
    const answer = await ask('{"Restart":{}}')
    expect(answer).toMatchObject({ success: false, data: null })
    expect(answer.message).toMatch(/^Failed to restart MagicTunnel: .*program/)
  })

  test('Stop, also of what is stopped, and Status after it', async () => {
    const { ask } = await start()
    await ask('{"Restart":{}}')
    for (const _ of [1, 2]) expect(await ask('"Stop"')).toEqual(answered(true, 'MagicTunnel stopped successfully'))
    expect((await ask('"Status"')).data).toMatchObject({
      ...restarted,
      health_status: 'stopped',
      pid: null,
      status: 'stopped',
      uptime_seconds: null,
    })
  })

  test('Shutdown is answered, then the whole orchestrator ends', async () => {
    const { dial, orchestrator, commands } = await start()
    const client = await dial().say('"Shutdown"\n').over()
    expect(client.answers).toEqual([answered(true, 'Supervisor shutting down')])
    await orchestrator.finished
    expect(commands()).toContain('system.shutdown')
  })

  test.each([
    [
      '"Bogus"',
      'unknown variant `Bogus`, expected one of `Restart`, `Stop`, `Status`, `ReloadConfig`, `Shutdown`, `HealthCheck`, `CustomRestart`, `ExecuteCommand` at line 1 column 7',
    ],
    ['', 'EOF while parsing a value at line 2 column 0'],
    ['nonsense', 'expected value at line 1 column 1'],
    ['{"Stop":{}}', 'invalid type: map, expected unit at line 1 column 8'],
    [
      '{"ExecuteCommand":{"command":{"command_type":"Shell","command":"echo hi"}}}',
      'missing field `is_safe` at line 1 column 73',
    ],
  ])('%j is no command', async (text, because) => {
    const { ask } = await start([])
    expect(await ask(text)).toEqual(answered(false, `Invalid command format: ${because}`))
  })
})

describe('what was recorded of the original, of programs', () => {
  const execute = (command: object, more: object = {}): string => JSON.stringify({ ExecuteCommand: { command, ...more } })
  const shown = (command: object) => ({ args: null, description: null, env: null, working_dir: null, ...command })
  const folder = (name: string, text: string): string => {
    const made = mkdtempSync(join(tools, 'folder-'))
    writeFileSync(join(made, name), text)
    return made
  }

  test('Restart with arguments, which are remembered', async () => {
    const { ask } = await start()
    expect(await ask('{"Restart":{"args":["2000"]}}')).toEqual(
      answered(true, 'MagicTunnel restarted successfully', { ...restarted, args: ['2000'] }),
    )
    expect((await ask('{"Restart":{}}')).data).toMatchObject({ args: ['2000'], restart_count: 2 })
  })

  test('ReloadConfig without a config file', async () => {
    const { ask } = await start()
    expect((await ask('{"ReloadConfig":{"config_path":"/nowhere/hyphae.yaml"}}')).message).toMatch(
      /^Failed to reload configuration: .+/,
    )
  })

  test('ReloadConfig', async () => {
    const { ask } = await start()
    const config = { supervisor: { services: { magictunnel: { command: '/bin/sleep', args: ['3000'] } } } }
    const path = join(folder('hyphae.yaml', JSON.stringify(config)), 'hyphae.yaml')
    expect(await ask(JSON.stringify({ ReloadConfig: { config_path: path } }))).toMatchObject({
      success: true,
      message: 'Configuration reloaded successfully',
      data: { args: expect.any(Array) as unknown, health_status: expect.any(String) as unknown },
    })
  })

  test('ExecuteCommand', async () => {
    const { ask } = await start()
    const command = { command_type: 'Make', command: 'build', is_safe: true, working_dir: folder('build', 'echo built') }
    expect(await ask(execute(command))).toEqual(
      answered(true, 'Command executed successfully', {
        command: shown(command),
        error_message: null,
        execution_time_ms: expect.any(Number) as unknown,
        exit_code: 0,
        stderr: '',
        stdout: 'built\n',
        success: true,
      }),
    )
  })

  test('a command that fails is no success, other than in the original', async () => {
    const { ask } = await start()
    const command = { command_type: 'Make', command: 'check', is_safe: true, working_dir: folder('check', 'exit 2') }
    const answer = await ask(execute(command))
    expect(answer).toMatchObject({ success: false, data: { exit_code: 2, success: false } })
    expect(answer.message).toMatch(/^Command execution failed: /)
  })

  test('a command that is not safe', async () => {
    const { ask } = await start()
    const command = { command_type: 'Shell', command: 'echo hi', is_safe: false }
    const because = 'Command marked as unsafe and execution was denied'
    expect(await ask(execute(command))).toEqual(
      answered(false, `Command execution failed: ${because}`, {
        command: shown(command),
        error_message: because,
        execution_time_ms: 0,
        exit_code: null,
        stderr: null,
        stdout: null,
        success: false,
      }),
    )
  })

  test('a command that takes too long', async () => {
    const { ask } = await start()
    const command = { command_type: 'Make', command: 'test', is_safe: true, working_dir: folder('test', 'sleep 30') }
    expect(await ask(execute(command, { timeout_seconds: 1 }))).toMatchObject({
      success: false,
      message: 'Command execution failed: Command timed out',
      data: { exit_code: null, success: false },
    })
  })

  test('a command without its program', async () => {
    const { ask } = await start()
    const answer = await ask(execute({ command_type: 'Binary', command: '/nowhere/program', is_safe: true }))
    expect(answer).toMatchObject({ success: false })
    expect(answer.message).toMatch(
      /^Command execution failed: Failed to spawn process: No such file or directory \(os error 2\)$/,
    )
  })

  test('CustomRestart', async () => {
    const { ask } = await start()
    const post = { command_type: 'Shell', command: 'echo done', is_safe: true }
    const asked = { start_args: ['2000'], post_commands: [post], env_vars: { FOO: 'bar' } }
    expect(await ask(JSON.stringify({ CustomRestart: asked }))).toEqual(
      answered(true, 'Custom restart sequence completed successfully', {
        overall_success: true,
        post_command_results: [
          {
            command: shown(post),
            error_message: null,
            execution_time_ms: expect.any(Number) as unknown,
            exit_code: 0,
            stderr: '',
            stdout: 'done\n',
            success: true,
          },
        ],
        pre_command_results: [],
        restart_successful: true,
        total_execution_time_ms: expect.any(Number) as unknown,
      }),
    )
  })

  test('CustomRestart with a variable that would make another program of the service', async () => {
    const { ask, status } = await start()
    const { pid } = status('magictunnel')
    expect(await ask(JSON.stringify({ CustomRestart: { env_vars: { LD_PRELOAD: '/tmp/x.so' } } }))).toMatchObject({
      success: false,
      message: expect.stringContaining('the variable "LD_PRELOAD" decides what is run') as unknown,
    })
    expect(status('magictunnel').pid).toBe(pid)
  })

  test('CustomRestart with a command that is not safe before it', async () => {
    const { ask, status } = await start()
    const { pid } = status('magictunnel')
    const unsafe = { command_type: 'Shell', command: 'echo no', is_safe: false }
    const after = { command_type: 'Shell', command: 'echo done', is_safe: true }
    expect(await ask(JSON.stringify({ CustomRestart: { pre_commands: [unsafe], post_commands: [after] } }))).toMatchObject({
      success: false,
      message: 'Custom restart sequence completed with errors',
      data: {
        overall_success: false,
        restart_successful: false,
        pre_command_results: [{ success: false, command: { is_safe: false } }],
        post_command_results: [],
      },
    })
    expect(status('magictunnel').pid).toBe(pid)
  })
})

describe('how clients come', () => {
  test('connect and drop, all the time', async () => {
    const { dial, ask, commands, connections } = await start()
    for (let n = 0; n < 20; n++) dial().socket.destroy()
    for (let n = 0; n < 5; n++) dial().socket.end()
    await eventually(() => expect(connections()).toEqual([]))
    expect(await ask('"Status"')).toMatchObject({ success: true })
    expect(commands()).toEqual([])
  })

  test('echo status | nc: it is answered, then let go', async () => {
    const { dial } = await start()
    const client = await dial().say('status\n').over()
    expect(client.answers).toHaveLength(1)
    expect(client.answers[0]).toMatchObject({ success: true, data: { status: 'running' } })
  })

  test('a half-closed line without its end', async () => {
    const { dial } = await start()
    const client = dial()
    client.socket.end('"Status"')
    await client.over()
    expect(client.answers).toMatchObject([{ success: true, data: { status: 'running' } }])
  })

  test('a session stays, for service after service', async () => {
    const web = specOf({ name: 'web', command: '/bin/sleep', args: ['1000'] })
    const { dial, status } = await start([tunnel, web])
    const client = dial()
    client.say('Status WEB\r\n').say('status web\r\n')
    expect(await client.answer(1)).toMatchObject({ success: false, message: 'there is no service "WEB"; did you mean "web"?' })
    expect(await client.answer(2)).toMatchObject({ success: true, data: { services: { web: {} } } })
    client.say('stop web\r\n')
    expect(await client.answer(3)).toEqual(answered(true, 'web stopped successfully'))
    client.say('start web\r\n')
    expect(await client.answer(4)).toMatchObject({
      success: true,
      message: 'web started successfully',
      data: { status: 'running' },
    })
    client.say('RESTART web\r\nhelp\r\n')
    expect(await client.answer(5)).toMatchObject({ success: true, message: 'web restarted successfully' })
    expect(await client.answer(6)).toMatchObject({
      success: true,
      message: expect.stringContaining('restart [service]') as unknown,
    })
    expect(client.closed).toBe(false)
    expect(status('magictunnel').restart_count).toBe(0)
  })

  test('JSON closes after its answer; a second line that came before is answered too', async () => {
    const { dial } = await start()
    const client = await dial().say('"Status"\n"HealthCheck"\n').over()
    expect(client.answers.map(({ message }) => message)).toEqual(['Status retrieved successfully', 'Healthy'])
  })

  test('byte by byte, with what telnet says between', async () => {
    const { dial } = await start()
    const client = dial()
    const text = Buffer.concat([
      Buffer.from([0xff, 0xfd, 0x03]),
      Buffer.from('sta'),
      Buffer.from([0xff, 0xf1]),
      Buffer.from('tus\r\n'),
    ])
    for (const byte of text) {
      client.say(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await client.answer()).toMatchObject({ success: true })
  })

  test.each([
    [
      'a page that posts',
      'POST / HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nContent-Type: text/plain\r\n\r\n"Stop"\nstop\n"Shutdown"\n',
      'HTTP',
    ],
    ['TLS', Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1]), Buffer.from('\n"Stop"\nstop\n')]), 'TLS'],
    ['binary', Buffer.concat([Buffer.from([0, 1, 0, 8]), Buffer.from('\n"Stop"\nstop\n')]), 'binary'],
  ])('%s executes nothing', async (_, sent, named) => {
    const { dial, ask, commands } = await start()
    const client = await dial().say(sent).over()
    expect(client.answers).toMatchObject([{ success: false, message: expect.stringContaining(`not ${named}`) as unknown }])
    expect(await ask('"HealthCheck"')).toMatchObject({ data: { healthy: true } })
    expect(commands()).toEqual([])
  })

  test('what takes long is answered in time, and goes on', { timeout: 30_000 }, async () => {
    const folder = mkdtempSync(join(tools, 'over-'))
    // Deaf to the stop signal until the test is over.
    const script = `trap "test -e ${folder}/over && exit 0" TERM; echo ready; while :; do sleep 0.1; done`
    const readiness = { ...probe, interval: 100, target: { type: 'log', pattern: 'ready' } } as const
    const services = ['one', 'two'].map((name) =>
      specOf({ name, command: '/bin/sh', args: ['-c', script], stopGrace: 9_500, readiness }),
    )
    const { dial, until, status } = await start(services)
    const [stop, restart] = [dial().say('"Stop"\n'), dial().say('restart two\n')]
    expect(await stop.answer()).toEqual(answered(true, 'one is not stopped yet; it goes on', { state: 'terminating' }))
    expect(await restart.answer()).toEqual(
      answered(true, 'two is not restarted yet; it goes on', {
        workflow: expect.stringMatching(/^restart\./) as unknown,
        step: 'terminating',
        service: 'two',
      }),
    )
    await until('one', 'stopped')
    await eventually(() => expect(status('two')).toMatchObject({ state: 'healthy', restart_count: 1 }))
    writeFileSync(join(folder, 'over'), '')
  })
})

describe('who may what', () => {
  test('with a token, nothing goes without it', async () => {
    const { dial, ask, commands } = await start([tunnel], { access: { token: 'secret', allowedCommands: null } })
    const refused = await dial().say('stop\n').over()
    expect(refused.answers).toMatchObject([
      { success: false, message: expect.stringMatching(/^authentication required/) as unknown },
    ])
    expect(await ask('auth wrong')).toMatchObject({ success: false })
    const client = await dial().say('{"Authenticate":{"token":"secret"}}\n"Status"\n').over()
    expect(client.answers).toMatchObject([
      { success: true, message: 'Authenticated' },
      { success: true, data: { status: 'running' } },
    ])
    const text = await dial().say('auth secret\nhealth\n').over()
    expect(text.answers).toMatchObject([{ success: true }, { success: true, data: { healthy: true } }])
    expect(commands()).toEqual([])
  })

  test('only the commands that are allowed', async () => {
    const { ask, commands } = await start([tunnel], { access: { token: null, allowedCommands: ['Status', 'restart'] } })
    expect(await ask('"Stop"')).toEqual(answered(false, 'the command "stop" is not among security.allowed_commands'))
    expect(await ask('shutdown')).toMatchObject({ success: false })
    expect(await ask('{"Restart":{"args":["--evil"]}}')).toMatchObject({ success: false })
    expect(await ask('status')).toMatchObject({ success: true })
    expect(await ask('restart')).toMatchObject({ success: true, data: { restart_count: 1 } })
    expect(commands()).toEqual(['service.restart'])
  })
})

describe('which service', () => {
  const web = specOf({ name: 'web', command: '/bin/sleep', args: ['1000'] })

  test('the first one, unless another is the default one', async () => {
    const { ask } = await start([web, tunnel])
    expect(await ask('"Stop"')).toEqual(answered(true, 'web stopped successfully'))
    await fleet?.end()
    const { ask: again } = await start([web, tunnel], { defaultService: 'magictunnel' })
    expect(await again('"Stop"')).toEqual(answered(true, 'MagicTunnel stopped successfully'))
  })

  test('without any, status has nothing to tell', async () => {
    const { ask } = await start([])
    expect(await ask('"Status"')).toMatchObject({
      success: true,
      data: { pid: null, status: 'stopped', args: [], last_restart: null, services: {}, supervisor: { managed_services: 0 } },
    })
    expect(await ask('restart')).toEqual(answered(false, 'Failed to restart MagicTunnel: there is no service'))
  })
})

describe('when it was restarted last', () => {
  test('by itself, on request, and as the next orchestrator knows it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hyphae-control-'))
    const script = `test -e ${folder}/flag && exec sleep 1000; : > ${folder}/flag; exec sleep 0.2`
    const spec = specOf({ name: 'magictunnel', command: '/bin/sh', args: ['-c', script], restart: { delay: 10 } })
    const one = await start([spec])
    await eventually(() => expect(one.status('magictunnel')).toMatchObject({ restart_count: 1, state: 'healthy' }))
    const bySelf = one.status('magictunnel').last_restart
    expect(bySelf).toBe((await one.fact('magictunnel', 'service.spawned', 2)).time)
    // Started anew after a stop is no restart.
    await one.ask('stop')
    await one.ask('start')
    expect(one.status('magictunnel')).toMatchObject({ restart_count: 1, last_restart: bySelf })
    await one.ask('restart')
    const asked = one.status('magictunnel').last_restart
    expect(asked).not.toBe(bySelf)
    const { pid } = one.status('magictunnel')
    await one.leave()
    const next = await startFleet([spec], { stateDir: one.stateDir })
    fleet = next
    await eventually(() => expect(next.status('magictunnel')).toMatchObject({ pid, restart_count: 2, last_restart: asked }))
    rmSync(folder, { recursive: true })
  })
})
