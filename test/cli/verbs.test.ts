import { readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type * as z from 'zod'
import { commands } from '../../src/commands/registry.ts'
import { watchItem } from '../../src/protocol/status.ts'
import { fleetFolder, isAlive, launch, type FleetFolder, type Running } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'

/** One fleet, asked in many ways. Each test puts back what it changed. */
const config = `
supervisor:
  services:
    db:
      command: sh
      args: [-c, 'echo db is up; exec sleep 1000']
    once:
      command: sh
      args: [-c, 'echo migrated']
      one_shot: true
      depends_on: [db]
    web:
      command: sh
      args: [-c, 'printf "\\033[32mgreen\\033[0m\\033[2J\\n"; env; exec sleep 1000']
      depends_on: [once]
    broken:
      command: sh
      args: [-c, 'exit 3']
      autostart: false
      restart_policy: never
      health_check_url: "http://127.0.0.1:9/"
`

let fleet: FleetFolder
let up: Running
beforeAll(async () => {
  fleet = fleetFolder(config)
  up = await fleet.up({ HYPHAE_SECRET: 's1', SUPERVISOR_TOKEN: 's2', MCP_TOKEN: 's3', PLAIN: 'p1' })
})
afterAll(() => fleet.end())

const parsed = <T extends z.ZodType>(schema: T, text: string): z.output<T> => schema.parse(JSON.parse(text))
const statusOf = async (name: string) => {
  const { out } = await fleet.run(['status', '--json', name])
  const found = parsed(commands['system.status'].output, out).services[name]
  if (found === undefined) throw new Error(`no ${name} in ${out}`)
  return found
}

describe('up', () => {
  test('tells each fact as a line, and the table once all has come up', () => {
    expect(up.out).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}db {2}spawned/m)
    expect(up.out).toMatch(/^once +completed/m)
    expect(up.out).toMatch(/^control {2}.*control\.sock$/m)
    // oxlint-disable-next-line no-control-regex
    expect(up.out).not.toMatch(/\u001B/)
    expect(up.err).toBe('')
  })

  test('a second one on the same state folder is refused and names the first', async () => {
    const { code, err } = await fleet.run(['up'])
    expect(code).toBe(5)
    expect(err).toContain(`already running as pid ${up.child.pid}`)
  })

  test('its own log is JSON, for its user alone', () => {
    const path = join(fleet.stateDir, 'supervisor.log')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const lines = readFileSync(path, 'utf8').trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toContain('system.ready')
  })

  test('what it runs inherits its environment without what is its own', async () => {
    const { out } = await fleet.run(['logs', '-n', '1000', 'web'])
    expect(out).toContain('PLAIN=p1')
    expect(out).not.toMatch(/HYPHAE_SECRET|SUPERVISOR_TOKEN|MCP_TOKEN|\bs[123]\b/)
  })
})

describe('status', () => {
  test('is a table', async () => {
    const { code, out } = await fleet.run(['status'])
    expect(code).toBe(0)
    expect(out).toMatch(/^NAME +STATUS +PID +UPTIME +CPU +MEM +RESTARTS +REASON$/m)
    expect(out).toMatch(/^web +running +\d+ /m)
    expect(out).toMatch(/^broken +stopped +- /m)
  })

  test('--json is what the system answers, for some or for all', async () => {
    const { out } = await fleet.run(['status', '--json'])
    const status = parsed(commands['system.status'].output.strict(), out)
    expect(out).toBe(`${JSON.stringify(JSON.parse(out), null, 2)}\n`)
    expect(Object.keys(status.services)).toEqual(['db', 'once', 'web', 'broken'])
    expect(status.supervisor).toMatchObject({ pid: up.child.pid, status: 'running', state: fleet.stateDir })
    const port = expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string
    expect(status.listeners).toEqual([
      { name: 'control', scheme: 'unix', address: join(fleet.stateDir, 'control.sock'), error: null },
      { name: 'supervisor', scheme: 'tcp', address: port, error: null },
      { name: 'http', scheme: 'http', address: port, error: null },
    ])
    const { out: some } = await fleet.run(['status', 'web', '--json'])
    expect(Object.keys(parsed(commands['system.status'].output, some).services)).toEqual(['web'])
  })

  test('from anywhere: HYPHAE_STATE suffices, and so does -c on either side', async () => {
    const config = join(fleet.cwd, 'hyphae.yaml')
    const elsewhere = [
      launch(['status'], { cwd: tmpdir(), env: { HYPHAE_STATE: fleet.stateDir } }),
      launch(['status', '-c', config], { cwd: tmpdir() }),
      launch(['-c', config, 'status'], { cwd: tmpdir() }),
    ]
    for (const { ended } of elsewhere) expect(await ended).toMatchObject({ code: 0, err: '' })
  })

  test('--watch --json is a line a change, until Ctrl-C', async () => {
    const watching = launch(['status', '--watch', '--json', 'web'], { cwd: fleet.cwd })
    await eventually(() => expect(watching.out).toContain('snapshot'))
    await fleet.run(['restart', 'web'])
    await eventually(() => expect(watching.out).toContain('service.ready'))
    watching.child.kill('SIGINT')
    const { code, out, err } = await watching.ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const items = out
      .trim()
      .split('\n')
      .map((line) => parsed(watchItem, line))
    const about = items.map((item) => ('fact' in item ? (item.type === 'fact' ? item.fact.about : '') : item.actor.address))
    expect(new Set(about)).toEqual(new Set(['service.web']))
  })
})

describe('start, stop and restart', () => {
  test('wait until it is done and say what became of it', async () => {
    const before = await statusOf('web')
    const restarted = await fleet.run(['restart', 'web'])
    const after = await statusOf('web')
    expect(restarted).toMatchObject({ code: 0, err: '' })
    expect(restarted.out).toMatch(new RegExp(`^web  \\w+  pid ${after.pid}  restarted by local:`))
    expect(after.pid).not.toBe(before.pid)
    expect(isAlive(before.pid ?? 0)).toBe(false)

    const stopped = await fleet.run(['stop', 'web', '--json'])
    expect(parsed(commands['service.stop'].output, stopped.out).results).toMatchObject([
      { service: 'web', outcome: 'done', pid: null },
    ])
    expect((await statusOf('web')).status).toBe('stopped')
    expect(await fleet.run(['start', 'web'])).toMatchObject({ code: 0 })
    expect((await statusOf('web')).status).toBe('running')
  })

  test('--no-wait answers at once', async () => {
    const { code, out } = await fleet.run(['restart', 'db', '--no-wait', '--json'])
    expect(code).toBe(0)
    expect(parsed(commands['service.restart'].output, out).results).toMatchObject([{ service: 'db', outcome: 'accepted' }])
    await eventually(async () => expect(await statusOf('db')).toMatchObject({ status: 'running', restart_count: 1 }))
  })

  test('all and --all mean every service', async () => {
    const { out } = await fleet.run(['stop', 'all'])
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['db', 'once', 'web', 'broken'])
    expect(await fleet.run(['start', 'web'])).toMatchObject({ code: 0 })
    const { code, out: restarted } = await fleet.run(['restart', '--all', '--no-wait'])
    expect(code).toBe(0)
    expect(restarted).toMatch(/^db +accepted/m)
    await eventually(async () => expect((await statusOf('web')).status).toBe('running'))
    await eventually(async () => expect(await statusOf('broken')).toMatchObject({ status: 'failed' }))
  })

  test('a start that fails tells why, and where to look', async () => {
    const { code, out, err } = await fleet.run(['start', 'broken', 'db'])
    expect(code).toBe(1)
    expect(out).toMatch(/^broken +failed .*exited with code 3/m)
    expect(out).toMatch(/^db +healthy {2}pid \d+/m)
    expect(err).toMatch(/^hyphae: broken was not started: .*exited with code 3/)
    expect(err).toContain('see why: hyphae explain broken')
  })

  test('with --json a failure is JSON too, on stderr', async () => {
    const { code, out, err } = await fleet.run(['start', 'broken', '--json'])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'failed', data: { results: [{ service: 'broken' }] } } })
  })

  test('somebody must be named', async () => {
    const { code, err } = await fleet.run(['stop'])
    expect(code).toBe(2)
    expect(err).toContain('hyphae stop <service…>')
  })
})

describe('logs', () => {
  test('are lines behind their names, as they were written where no terminal shows them', async () => {
    const { code, out } = await fleet.run(['logs', '-n', '1000'])
    expect(code).toBe(0)
    expect(out).toMatch(/^db {5}\| db is up$/m)
    expect(out).toContain('web    | \u001B[32mgreen\u001B[0m\u001B[2J\n')
  })

  test('--json is what the system answers', async () => {
    const { out } = await fleet.run(['logs', '-n', '1', '--json', 'db'])
    expect(parsed(commands['logs.read'].output, out).lines).toMatchObject([{ service: 'db', line: 'db is up', truncated: false }])
  })

  test('-f goes on until Ctrl-C', async () => {
    const following = launch(['logs', '-f', '-n', '1', 'db'], { cwd: fleet.cwd })
    await eventually(() => expect(following.out).toBe('db | db is up\n'))
    await fleet.run(['restart', 'db'])
    await eventually(() => expect(following.out).toBe('db | db is up\ndb | db is up\n'))
    following.child.kill('SIGINT')
    expect(await following.ended).toMatchObject({ code: 0, err: '' })
  })

  test.each([
    ['logs', '-f'],
    ['logs', '-n', '10000'],
    ['status', '--watch', '--json'],
  ])('whoever stops reading ends it quietly: %s %s (supervisord: test_issue_1298)', async (...args) => {
    const talking = launch(args, { cwd: fleet.cwd })
    await eventually(() => expect(talking.out).not.toBe(''))
    talking.child.stdout?.destroy()
    if (args.includes('-f') || args.includes('--watch')) await fleet.run(['restart', 'web'])
    expect(await talking.ended).toMatchObject({ code: 0, err: '' })
  })

  test.each(['-1', '10001', 'x', '1.5'])('-n %s is bad usage', async (lines) => {
    const { code, err } = await fleet.run(['logs', `--lines=${lines}`])
    expect(code).toBe(2)
    expect(err).toContain('expected a whole number from 0 to 10000')
  })
})

describe('actors', () => {
  test('can be listed, by kind and phase', async () => {
    const { out } = await fleet.run(['actors', '--kind', 'service', '--phase', 'active'])
    expect(out).toMatch(/^service\.web +active +\S+ +.* /m)
    expect(out).not.toMatch(/service\.once|process\./)
    const { out: json } = await fleet.run(['actors', '--json'])
    const { actors } = parsed(commands['actor.list'].output, json)
    expect(actors.map(({ address }) => address)).toEqual(
      expect.arrayContaining(['service.web', 'process.web', 'listener.control']),
    )
    expect(await fleet.run(['actors', '--kind', 'nonsense'])).toMatchObject({ code: 2 })
  })

  test('take events', async () => {
    const before = await statusOf('web')
    const { code, out } = await fleet.run(['send', 'service.web', 'RESTART'])
    expect(code).toBe(0)
    expect(out).toMatch(/^service\.web took RESTART and is \S+: restarted by local:/)
    await eventually(async () => {
      const now = await statusOf('web')
      expect(now).toMatchObject({ status: 'running' })
      expect(now.pid).not.toBe(before.pid)
    })
    const { out: json } = await fleet.run(['send', 'service.web', 'RESTART', '{}', '--json'])
    expect(parsed(commands['actor.send'].output, json)).toMatchObject({ sent: 'RESTART', actor: { address: 'service.web' } })
  })

  test.each([
    [['send', 'service.web', 'EXPLODE'], 5, 'takes START, STOP, RESTART'],
    [['send', 'process.web', 'KILL'], 5, 'does not take KILL now'],
    [['send', 'service.wbe', 'STOP'], 4, 'did you mean "service.web"?'],
    [['send', 'service.web', 'STOP', '{"by":"me"}'], 2, 'event'],
    [['send', 'service.web', 'STOP', 'nonsense'], 2, 'fields: not valid JSON'],
    [['send', 'service.web', 'STOP', '[]'], 2, 'fields: expected a JSON object'],
    [['send', 'service.web'], 2, "missing required argument 'event'"],
  ])('%j exits with %i', async (args, exit, message) => {
    const { code, err } = await fleet.run(args)
    expect(code).toBe(exit)
    expect(err).toMatch(/^hyphae: /)
    expect(err).toContain(message)
  })
})

describe('explain', () => {
  test('tells the story of a service', async () => {
    const { code, out } = await fleet.run(['explain', 'web'])
    expect(code).toBe(0)
    expect(out).toMatch(/^web is running \(active, \w+\), pid \d+, up /)
    expect(out).toMatch(/^ {2}policy +restarts always, 0 of 10 restarts used/m)
    expect(out).toMatch(/^ {2}needs +once completed: met$/m)
    expect(out).toMatch(/^ {2}history$/m)
    const { out: json } = await fleet.run(['explain', 'once', '--json'])
    expect(parsed(commands['service.explain'].output, json)).toMatchObject({ service: 'once', dependants: ['web'] })
  })

  test('an unknown one gets the nearest', async () => {
    const { code, err } = await fleet.run(['explain', 'wbe'])
    expect(code).toBe(4)
    expect(err).toBe('hyphae: there is no service "wbe"; did you mean "web"?\n  list them: hyphae status\n')
  })
})
