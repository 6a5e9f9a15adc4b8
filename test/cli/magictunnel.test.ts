import { renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { customCommand } from '../../src/cli/magictunnel/questions.ts'
import { fleetFolder, launch, type FleetFolder, type Ran } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { standInSupervisor, type StandIn } from '../support/stand-in-supervisor.ts'

const main = (name: string): string => resolve(import.meta.dirname, `../../src/cli/magictunnel/${name}.ts`)
const tool = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  launch(args, { cwd: '/', env, main: main('supervisor-cli') }).ended
const supervisor = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  launch(args, { cwd: '/', env, main: main('supervisor') }).ended

const time = '"timestamp":"2026-11-21T01:44:20.233751500+00:00"}'
const done = (message: string): string => `{"success":true,"message":"${message}","data":null,${time}`
const status = `{"success":true,"message":"Status retrieved successfully","data":{"args":["--config","magictunnel-config.yaml","--log-level","info"],"health_status":"healthy","last_restart":null,"pid":15329,"restart_count":0,"status":"running","uptime_seconds":2},${time}`
const cooldown = `{"success":false,"message":"Failed to restart MagicTunnel: Restart cooldown active, 10 seconds remaining","data":null,${time}`

describe('questions', () => {
  let server: StandIn
  let port = ''
  beforeEach(async () => {
    server = await standInSupervisor(
      {
        '"Status"': status,
        '"HealthCheck"': `{"success":true,"message":"Healthy","data":{"healthy":true},${time}`,
        '"Stop"': done('MagicTunnel stopped successfully'),
        '{"Restart"': cooldown,
        restart: done('restarted'),
        stop: done('stopped'),
        '{"CustomRestart"': done('Custom restart sequence completed successfully'),
        '{"ExecuteCommand"': done('Command executed successfully'),
      },
      (socket) => socket.end('what?\n'),
    )
    port = String(server.port)
  })
  afterEach(() => server.end())

  test.each<[string, readonly string[], string]>([
    ['supervisor-cli', ['status'], '"Status"'],
    ['supervisor-cli', ['health'], '"HealthCheck"'],
    ['supervisor-cli', ['stop'], '"Stop"'],
    ['supervisor-cli', ['stop', 'web'], 'stop web'],
    ['supervisor-cli', ['restart', 'magictunnel'], 'restart magictunnel'],
    ['supervisor', ['client', 'status'], '"Status"'],
    ['supervisor', ['client', 'stop'], '"Stop"'],
    ['supervisor', ['client', 'health'], '"HealthCheck"'],
    [
      'supervisor',
      ['client', 'custom-restart'],
      '{"CustomRestart":{"pre_commands":null,"start_args":null,"post_commands":null,"env_vars":null}}',
    ],
    [
      'supervisor',
      ['client', 'execute-make', 'build'],
      '{"ExecuteCommand":{"command":{"command_type":"Make","command":"build","args":null,"working_dir":null,"env":null,"description":null,"is_safe":true},"timeout_seconds":null}}',
    ],
  ])('magictunnel-%s %j sends one line and shows the answer', async (name, args, line) => {
    const { code, out, err } = await launch([...args, '--port', port], { cwd: '/', main: main(name) }).ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(server.asked).toEqual([line])
    expect(out).toMatch(/^Response: \{\n {2}"success": true,\n/)
  })

  test('the answer is shown whole', async () => {
    const { out } = await tool(['status'], { SUPERVISOR_PORT: port })
    expect(JSON.parse(out.replace(/^Response: /, ''))).toEqual(JSON.parse(status))
  })

  test('what was not done is shown, and is a failure', async () => {
    const { code, out, err } = await tool(['restart', '--port', port])
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(server.asked).toEqual(['{"Restart":{"args":null}}'])
    expect(out).toContain('"message": "Failed to restart MagicTunnel: Restart cooldown active, 10 seconds remaining"')
  })

  test('a custom restart as the guide has it', async () => {
    const words = ['--pre-command', 'make clean', '--pre-command=cargo build -r', '--post-command', 'echo done']
    const { code } = await tool(['custom-restart', ...words, '--args', '--config "my file.yaml"', '--args', '-v', '--port', port])
    expect(code).toBe(0)
    const nothing = { working_dir: null, env: null, description: null, is_safe: true }
    expect(server.asked.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        CustomRestart: {
          pre_commands: [
            { command_type: 'Make', command: 'clean', args: null, ...nothing },
            { command_type: 'Cargo', command: 'build', args: ['-r'], ...nothing },
          ],
          start_args: ['--config', 'my file.yaml', '-v'],
          post_commands: [{ command_type: 'Shell', command: 'echo done', args: null, ...nothing }],
          env_vars: null,
        },
      },
    ])
  })

  test.each<[readonly string[], string]>([
    [['custom-restart', '--pre-command', "make 'x"], 'a quote is left open'],
    [['custom-restart', '--post-command', ' '], 'expected a command'],
    [['restart', 'web\nshutdown'], 'service: expected a letter'],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['status', '--port', '0'], '--port: expected a port from 1 to 65535; got "0"'],
  ])('%j is an error, and nothing is sent', async (args, message) => {
    const { code, out, err } = await tool(args, { SUPERVISOR_PORT: port })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^Error: /)
    expect(err).toContain(message)
    expect(server.asked).toEqual([])
  })
})

test.each<[string, string]>([
  ['{', 'cannot understand what'],
  ['{"success":"yes"}', 'expected the fields success, message and timestamp'],
  ['', 'cannot understand what'],
])('an answer %j is an error', async (answer, message) => {
  const server = await standInSupervisor({ '"Status"': answer })
  const { code, err } = await tool(['status'], { SUPERVISOR_PORT: String(server.port), SUPERVISOR_HOST: '0.0.0.0' })
  await server.end()
  expect(code).toBe(1)
  expect(err).toMatch(/^Error: /)
  expect(err).toContain(message)
})

test('who closes without an answer, and who is not there, is told', async () => {
  const server = await standInSupervisor({}, (socket) => socket.end())
  const port = String(server.port)
  const closed = await supervisor(['client', 'status', '--port', port])
  await server.end()
  const gone = await supervisor(['client', 'status', '--port', port])
  expect(closed).toEqual({
    code: 1,
    out: '',
    err: `Error: 127.0.0.1:${port} closed the connection without an answer; if it speaks TLS: --tls, or --ca <file>\n`,
  })
  expect({ code: gone.code, out: gone.out }).toEqual({ code: 1, out: '' })
  expect(gone.err).toContain(`Error: no supervisor answers at 127.0.0.1:${port}`)
})

test.each([
  ['make clean', 'Make', 'clean', null],
  ['MAKE build -j 4', 'Make', 'build', ['-j', '4']],
  ['npm run "a b"', 'Npm', 'run', ['a b']],
  ['binary ./x --y', 'Binary', './x', ['--y']],
  ['shell echo "a  b" | cat', 'Shell', 'echo "a  b" | cat', null],
  ['echo done', 'Shell', 'echo done', null],
  ['make', 'Shell', 'make', null],
  ['constructor x', 'Shell', 'constructor x', null],
])('%s is %s', (text, type, command, args) => {
  expect(customCommand(text)).toEqual({ command_type: type, command, args })
})

describe('magictunnel-supervisor', () => {
  let fleet: FleetFolder
  beforeEach(() => void (fleet = fleetFolder('supervisor: { services: { web: { command: sleep, args: ["1000"] } } }')))
  afterEach(() => fleet.end())

  test('runs the fleet of --config as `hyphae up` does, with its flags', async () => {
    const args = ['--config', 'hyphae.yaml', '--port', '0', '--host', '127.0.0.1', '--log-level', 'debug']
    const up = launch(args, { cwd: fleet.cwd, env: { SUPERVISOR_PORT: 'x' }, main: main('supervisor') })
    await eventually(async () => expect(await fleet.status('web')).toMatchObject({ status: 'running' }))
    up.child.kill('SIGTERM')
    expect(await up.ended).toMatchObject({ code: 0 })
  })

  test('without a config of ours it takes the config.yaml that is there', async () => {
    renameSync(join(fleet.cwd, 'hyphae.yaml'), join(fleet.cwd, 'config.yaml'))
    const up = launch([], { cwd: fleet.cwd, env: { SUPERVISOR_PORT: '0' }, main: main('supervisor') })
    await eventually(async () => expect(await fleet.status('web')).toMatchObject({ status: 'running' }))
    up.child.kill('SIGTERM')
    expect(await up.ended).toMatchObject({ code: 0 })
    const { code, err } = await launch([], { cwd: fleet.cwd, env: { MAGICTUNNEL_CONFIG: 'no.yaml' }, main: main('supervisor') })
      .ended
    expect(code).toBe(2)
    expect(err).toContain('no.yaml: there is no such file')
  })

  test('what is wrong is told as `hyphae up` tells it', async () => {
    const { code, err } = await launch(['--port', 'x'], { cwd: fleet.cwd, main: main('supervisor') }).ended
    expect(code).toBe(2)
    expect(err).toBe('command line: --port: expected a whole number from 0 to 65535, or off; got "x"\n')
  })
})
