import { existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { commands } from '../../src/commands/registry.ts'
import { limits } from '../../src/protocol/limits.ts'
import { fleetFolder, isAlive, launch, type FleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'

/** How a fleet comes up and ends. Each test has one of its own. */
const quiet = `
supervisor:
  services:
    web: { command: sleep, args: ["1000"] }
`
const stubborn = `
supervisor:
  services:
    web: { command: sleep, args: ["1000"] }
    stubborn:
      command: sh
      args: [-c, 'trap "" TERM; echo ready; while :; do sleep 0.1; done']
      readiness: { log: ready }
      stop_grace: 60s
`

let fleet: FleetFolder
afterEach(() => fleet.end())

/** Signals close together are one wish, so the second one is sent again until it was heard, and not once more. */
const again = (up: Awaited<ReturnType<FleetFolder['up']>>, signal: NodeJS.Signals): Promise<void> =>
  eventually(async () => {
    up.child.kill(signal)
    await eventually(() => expect(up.out).toContain('killing what is still stopping'), 400)
  })

const pidOf = async (name: string): Promise<number> => {
  const { out } = await fleet.run(['status', '--json', name])
  return commands['system.status'].output.parse(JSON.parse(out)).services[name]?.pid ?? 0
}

describe('down', () => {
  test('returns once orchestrator, services and socket have gone', async () => {
    fleet = fleetFolder(quiet)
    const up = await fleet.up()
    const web = await pidOf('web')
    const { code, out, err } = await fleet.run(['down'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toBe(`stopped 1 service and the orchestrator (pid ${up.child.pid})\n`)
    expect(isAlive(web)).toBe(false)
    expect(existsSync(join(fleet.stateDir, 'control.sock'))).toBe(false)
    expect(await up.ended).toMatchObject({ code: 0, err: '' })
    expect(up.out).toMatch(/hyphae {2}stopped$/m)
  })

  test('--json is what the system answers', async () => {
    fleet = fleetFolder(quiet)
    const up = await fleet.up()
    const { out } = await fleet.run(['down', '--json'])
    expect(commands['system.shutdown'].output.parse(JSON.parse(out))).toEqual({ pid: up.child.pid, stopped: ['web'] })
  })

  test('says what it waits for', async () => {
    fleet = fleetFolder(stubborn)
    const up = await fleet.up()
    const down = launch(['down'], { cwd: fleet.cwd, env: { HYPHAE_PROGRESS: 'on' } })
    await eventually(() => expect(down.err).toBe('stopping stubborn (terminating)\n'))
    up.child.kill('SIGTERM')
    await eventually(() => expect(up.out).toMatch(/^stopping$/m))
    await again(up, 'SIGTERM')
    const { code, err } = await down.ended
    expect(code).toBe(0)
    expect(err).toBe('stopping stubborn (terminating)\n')
  })

  test('without an orchestrator every verb says so and exits with 3', async () => {
    fleet = fleetFolder(quiet)
    for (const args of [['down'], ['status'], ['start', 'web'], ['logs', '-f'], ['actors'], ['explain', 'web']]) {
      const { code, out, err } = await fleet.run(args)
      expect({ code, out }).toEqual({ code: 3, out: '' })
      expect(err).toBe(`hyphae: no orchestrator answers at ${join(fleet.stateDir, 'control.sock')}; start one with: hyphae up\n`)
    }
    const { err } = await fleet.run(['status', '--json'])
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'unavailable' } })
  })
})

describe('signals', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('%s stops everything; exit code 0', async (signal) => {
    fleet = fleetFolder(quiet)
    const up = await fleet.up()
    const web = await pidOf('web')
    up.child.kill('SIGHUP')
    up.child.kill(signal)
    expect(await up.ended).toMatchObject({ code: 0, err: '' })
    expect(isAlive(web)).toBe(false)
  })

  test('a second one kills what is still stopping', async () => {
    fleet = fleetFolder(stubborn)
    const up = await fleet.up()
    const pid = await pidOf('stubborn')
    up.child.kill('SIGINT')
    await eventually(() => expect(up.out).toMatch(/stubborn {2}stopping/))
    expect(isAlive(pid)).toBe(true)
    await again(up, 'SIGINT')
    expect(await up.ended).toMatchObject({ code: 0 })
    expect(up.out).toMatch(/stubborn {2}exited {2}was ended by SIGKILL/)
    expect(isAlive(pid)).toBe(false)
  })

  test('it survives that nobody reads what it prints', async () => {
    fleet = fleetFolder(quiet)
    const up = await fleet.up()
    up.child.stdout?.destroy()
    up.child.stderr?.destroy()
    expect(await fleet.run(['restart', 'web'])).toMatchObject({ code: 0 })
    expect(await fleet.run(['status'])).toMatchObject({ code: 0 })
  })

  test("what a lost orchestrator left of its socket is in nobody's way", async () => {
    fleet = fleetFolder(quiet)
    const first = await fleet.up()
    const web = await pidOf('web')
    first.child.kill('SIGKILL')
    await first.ended
    process.kill(web, 'SIGKILL')
    expect(await fleet.run(['status'])).toMatchObject({ code: 3 })
    await fleet.up()
    expect(await fleet.run(['status'])).toMatchObject({ code: 0 })
  })
})

describe('the state folder', () => {
  test('may have a path that is too long for a socket', async () => {
    fleet = fleetFolder(quiet)
    const state = join(fleet.cwd, 'deep'.repeat(30))
    await fleet.up({ HYPHAE_STATE: state, XDG_RUNTIME_DIR: fleet.cwd })
    expect(readFileSync(join(state, 'control.path'), 'utf8')).toContain(join(fleet.cwd, 'hyphae'))
    // Also for those who have another environment.
    expect(await fleet.run(['status'], { HYPHAE_STATE: state, XDG_RUNTIME_DIR: '' })).toMatchObject({ code: 0, err: '' })
    expect(await fleet.run(['down'], { HYPHAE_STATE: state })).toMatchObject({ code: 0 })
  })

  test('is where the config says, relative to it', async () => {
    fleet = fleetFolder(`${quiet}state: ./elsewhere\n`)
    await fleet.up()
    expect(existsSync(join(fleet.cwd, 'elsewhere', 'control.sock'))).toBe(true)
    expect(await fleet.run(['down'])).toMatchObject({ code: 0 })
  })

  test('a log of our own that grew too large is set aside', async () => {
    fleet = fleetFolder(quiet)
    mkdirSync(fleet.stateDir)
    const log = join(fleet.stateDir, 'supervisor.log')
    writeFileSync(log, '')
    truncateSync(log, limits.ownLogBytes + 1)
    await fleet.up()
    expect(statSync(`${log}.1`).size).toBe(limits.ownLogBytes + 1)
    expect(readFileSync(log, 'utf8')).toMatch(/^\{/)
  })
})

describe('the config', () => {
  const wrong = `
supervisor:
  services:
    web: { comand: sleep }
`
  test('that is wrong is shown with its place, by validate and by up', async () => {
    fleet = fleetFolder(wrong)
    for (const verb of ['validate', 'up']) {
      const { code, out, err } = await fleet.run([verb])
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toMatch(/^hyphae\.yaml:4:12: supervisor\.services\.web\.comand: /m)
      expect(err).toContain('4 |     web: { comand: sleep }\n')
    }
    const { code, err } = await fleet.run(['validate', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(err)).toMatchObject({
      error: {
        code: 'invalid_params',
        data: {
          problems: [
            { line: 4, column: 5 },
            { line: 4, column: 12 },
          ],
        },
      },
    })
  })

  test('that is right is counted; warnings go to stderr', async () => {
    fleet = fleetFolder(`${quiet}unheard: {}\n`)
    const { code, out, err } = await fleet.run(['validate'])
    expect({ code, out }).toEqual({ code: 0, out: 'hyphae.yaml is valid: 1 service\n' })
    expect(err).toMatch(/^warning: hyphae\.yaml:5:1: unheard: /)
    const { out: json } = await fleet.run(['validate', '--json'])
    expect(JSON.parse(json)).toMatchObject({ valid: true, services: ['web'], warnings: [{ field: 'unheard' }] })
    await fleet.up()
    expect((await fleet.run(['status'])).out).toMatch(/^warning: .*unheard/m)
  })

  test('that is not there', async () => {
    fleet = fleetFolder(quiet)
    for (const args of [
      ['validate', '-c', 'none.yaml'],
      ['status', '-c', 'none.yaml'],
      ['up', '-c', 'none.yaml'],
    ]) {
      const { code, err } = await fleet.run(args)
      expect(code).toBe(2)
      expect(err).toContain('none.yaml: there is no such file')
    }
  })
})
