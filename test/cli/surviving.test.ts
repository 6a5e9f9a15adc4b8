import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commands } from '../../src/commands/registry.ts'
import { cli, fleetFolder, isAlive, launch, type FleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'

/** Services that go on without their orchestrator, and orchestrators that go on without their terminal. */
const config = `
supervisor:
  services:
    web: { command: sleep, args: ["1000"] }
    idle: { command: sleep, args: ["1000"] }
    once: { command: sh, args: [-c, "echo done >> once.txt"], one_shot: true }
`
const preload = ['--import', resolve(import.meta.dirname, '../fixtures/throw-later.mjs')]

let fleet: FleetFolder
beforeEach(() => {
  fleet = fleetFolder(config)
})
afterEach(() => fleet.end())

const file = (name: string): string => readFileSync(join(fleet.stateDir, name), 'utf8')
const supervisor = async () =>
  commands['system.status'].output.parse(JSON.parse((await fleet.run(['status', '--json'])).out)).supervisor

/** What was asked of single services, to be found again later. */
async function changed(): Promise<number> {
  expect(await fleet.run(['restart', 'web'])).toMatchObject({ code: 0 })
  expect(await fleet.run(['stop', 'idle'])).toMatchObject({ code: 0 })
  const { pid } = await fleet.status('web')
  return pid ?? 0
}
async function everythingGoesOn(pid: number): Promise<void> {
  expect(await fleet.status('web')).toMatchObject({
    pid,
    status: 'running',
    restart_count: 1,
    reason: 'found running and adopted',
  })
  expect(await fleet.status('idle')).toMatchObject({ pid: null, status: 'stopped', desired: 'stop' })
  expect(await fleet.status('once')).toMatchObject({ status: 'completed' })
  expect(readFileSync(join(fleet.cwd, 'once.txt'), 'utf8')).toBe('done\n')
}

describe('leave', () => {
  test('ends the orchestrator only, and the next one goes on with what runs', async () => {
    const up = await fleet.up()
    const pid = await changed()
    const { code, out, err } = await fleet.run(['leave'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const path = join(fleet.cwd, 'hyphae.yaml')
    expect(out).toBe(
      `left 1 service running; the orchestrator (pid ${up.child.pid}) has ended\n  come back with: hyphae up -c ${path}\n`,
    )
    // Nothing to wait for: its process has ended already.
    expect(isAlive(up.child.pid ?? 0)).toBe(false)
    expect(await up.ended).toMatchObject({ code: 0, err: '' })
    expect(up.out).toContain(`the services go on; come back with: hyphae up -c ${path}\n`)
    expect(isAlive(pid)).toBe(true)
    await fleet.up()
    await everythingGoesOn(pid)
  })

  test('--json is what the system answers', async () => {
    const up = await fleet.up()
    const { out } = await fleet.run(['leave', '--json'])
    expect(commands['system.leave'].output.parse(JSON.parse(out))).toEqual({ pid: up.child.pid, left: ['web', 'idle'] })
  })
})

describe('up -d', () => {
  test('returns once the orchestrator runs, with the table; nothing of ours stays open', async () => {
    // It has ended when its pipes are closed: whoever holds them would keep `hyphae up -d | cat` waiting.
    const { code, out, err } = await fleet.run(['up', '-d'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^NAME +STATUS[^]*^web +running[^]*^control {2}.*control\.sock$/m)
    const { pid, status } = await supervisor()
    expect(status).toBe('running')
    expect(out).toContain(`running in the background as pid ${pid}; what it prints goes to ${join(fleet.stateDir, 'up.out')}\n`)
    await eventually(() => expect(file('up.out')).toMatch(/^\S+Z {2}hyphae {2}starting {2}pid \d+\n[^]*^NAME +STATUS/m))
    expect(statSync(join(fleet.stateDir, 'up.out')).mode & 0o777).toBe(0o600)
    expect(await fleet.run(['down'])).toMatchObject({ code: 0, out: `stopped 3 services and the orchestrator (pid ${pid})\n` })
  })

  test.skipIf(process.platform !== 'linux')('it has a session of its own, and nothing of ours', async () => {
    await fleet.run(['up', '-d'])
    const { pid } = await supervisor()
    const session = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3]
    expect(session).toBe(String(pid))
    const output = join(fleet.stateDir, 'up.out')
    expect([0, 1, 2].map((number) => readlinkSync(`/proc/${pid}/fd/${number}`))).toEqual(['/dev/null', output, output])
  })

  test('--json is what the system answers to status', async () => {
    const { code, out, err } = await fleet.run(['up', '--detach', '--json'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const status = commands['system.status'].output.strict().parse(JSON.parse(out))
    expect(status.supervisor).toMatchObject({ status: 'running', pid: (await supervisor()).pid })
    expect(Object.keys(status.services)).toEqual(['web', 'idle', 'once'])
    expect(await fleet.run(['up', '--json'])).toMatchObject({ code: 2, out: '' })
  })

  test('a second one is refused and names the first, whose output it does not touch', async () => {
    await fleet.run(['up', '-d'])
    const { pid } = await supervisor()
    await eventually(() => expect(file('up.out')).toMatch(/^NAME/m))
    const before = file('up.out')
    for (const args of [['up', '-d'], ['up']]) {
      const { code, out, err } = await fleet.run(args)
      expect({ code, out }).toEqual({ code: 5, out: '' })
      expect(err).toContain(
        `hyphae: already running as pid ${pid} with the state folder ${fleet.stateDir}; stop it with: hyphae down\n`,
      )
    }
    expect(file('up.out')).toBe(before)
    const { err } = await fleet.run(['up', '-d', '--json'])
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'failed', data: { exit: 5 } } })
    expect((await supervisor()).pid).toBe(pid)
  })

  test('two at once: one runs, the other is refused', async () => {
    const both = await Promise.all([fleet.run(['up', '-d']), fleet.run(['up', '-d'])])
    expect(both.map(({ code }) => code).toSorted((a, b) => Number(a) - Number(b))).toEqual([0, 5])
    expect(both.find(({ code }) => code === 5)?.err).toContain('with the state folder')
    expect(await supervisor()).toMatchObject({ status: 'running' })
    await eventually(() => expect(file('up.out')).toMatch(/^NAME/m))
  })

  test('what is wrong with the config is said at once, before anything is made', async () => {
    writeFileSync(join(fleet.cwd, 'hyphae.yaml'), 'supervisor: { services: { web: { comand: sleep } } }\n')
    const { code, out, err } = await fleet.run(['up', '-d'])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('supervisor.services.web.comand: is no field of this block')
    expect(existsSync(fleet.stateDir)).toBe(false)
  })

  test('one that ends before it runs is shown with what it wrote, and gives its exit code', async () => {
    mkdirSync(fleet.stateDir)
    writeFileSync(join(fleet.stateDir, 'logs'), 'in the way')
    const { code, out, err } = await fleet.run(['up', '-d'])
    expect({ code, out }).toEqual({ code: 8, out: '' })
    expect(err).toMatch(/^hyphae: the state folder .* cannot be written: EEXIST: .*logs/)
    expect(file('up.out')).toBe(err)
  })

  test('its terminal may be closed', async () => {
    await fleet.run(['up', '-d'])
    const { pid } = await supervisor()
    process.kill(pid, 'SIGHUP')
    expect(await fleet.run(['restart', 'web'])).toMatchObject({ code: 0 })
    expect((await supervisor()).pid).toBe(pid)
  })
})

describe('after kill -9', () => {
  test('the next up goes on with what runs', async () => {
    const up = await fleet.up()
    const pid = await changed()
    up.child.kill('SIGKILL')
    await up.ended
    for (const verb of ['down', 'status', 'leave']) {
      const { code, err } = await fleet.run([verb])
      expect(code).toBe(3)
      expect(err).toBe(
        `hyphae: no orchestrator answers at ${join(fleet.stateDir, 'control.sock')}; ` +
          `the last one (pid ${up.child.pid}) was lost, and what it ran may still run: hyphae up takes it back\n`,
      )
    }
    expect(isAlive(pid)).toBe(true)
    await fleet.run(['up', '-d'])
    await everythingGoesOn(pid)
    expect(await fleet.run(['down'])).toMatchObject({ code: 0 })
    expect(isAlive(pid)).toBe(false)
    // Now there is nothing to take back.
    expect((await fleet.run(['down'])).err).toMatch(/; start one with: hyphae up\n$/)
  })

  test('a request that is repeated under its id is not done again', async () => {
    const up = await fleet.up()
    expect(await fleet.run(['restart', 'web', '--request-id', 'deploy-7'])).toMatchObject({ code: 0 })
    const { pid } = await fleet.status('web')
    up.child.kill('SIGKILL')
    await up.ended
    await fleet.up()
    const { code, out } = await fleet.run(['restart', 'web', '--request-id', 'deploy-7'])
    expect(code).toBe(0)
    expect(out).toContain(`pid ${pid}`)
    expect(await fleet.status('web')).toMatchObject({ pid, restart_count: 1 })
    expect(await fleet.run(['stop', 'web', '--request-id', 'deploy-7'])).toMatchObject({ code: 2 })
    expect(await fleet.run(['restart', 'web', '--request-id', 'deploy-8'])).toMatchObject({ code: 0 })
    expect((await fleet.status('web')).pid).not.toBe(pid)
  })
})

describe.skipIf(!existsSync('/dev/full'))('a disk that is full', () => {
  test('for what it prints and for its own log ends nothing', async () => {
    writeFileSync(join(fleet.cwd, 'hyphae.yaml'), `${config}log: { file: /dev/full }\n`)
    const full = openSync('/dev/full', 'w')
    const up = spawn(process.execPath, [cli, 'up'], { cwd: fleet.cwd, stdio: ['ignore', full, full] })
    const ended = once(up, 'exit')
    closeSync(full)
    await eventually(async () => expect(await supervisor()).toMatchObject({ pid: up.pid, status: 'running' }))
    expect(await fleet.run(['restart', 'web'])).toMatchObject({ code: 0, err: '' })
    expect(await fleet.run(['down'])).toMatchObject({ code: 0, err: '' })
    expect(await ended).toEqual([0, null])
  })
})

describe('a defect of our own', () => {
  test.each(['error', 'rejection', 'string', 'again'])('ends the orchestrator and no service (%s)', async (DEFECT) => {
    const up = await fleet.up({ DEFECT }, [], preload)
    const pid = await changed()
    up.child.kill('SIGUSR2')
    const { code, err } = await up.ended
    expect(code).toBe(70)
    expect(err).toContain(DEFECT === 'string' ? 'hyphae: boom\n' : 'hyphae: Error: boom\n    at ')
    const path = join(fleet.cwd, 'hyphae.yaml')
    expect(err.trim().split('\n').at(-1)).toBe(
      `hyphae: a defect of our own ended the orchestrator; the services go on. Come back with: hyphae up -c ${path}`,
    )
    // Said once, however often it comes.
    expect(err.match(/boom/g)).toHaveLength(1)
    expect(up.out.match(/hyphae {2}crashed {2}boom$/gm)).toHaveLength(1)
    expect(file('supervisor.log')).toMatch(/"level":60.*a defect of our own/)
    expect(isAlive(pid)).toBe(true)
    await fleet.up()
    await everythingGoesOn(pid)
    expect((await fleet.run(['events'])).out).toMatch(/hyphae {2}crashed {2}boom$/m)
  })

  test('in the background leaves its last words in up.out', async () => {
    const { code } = await launch(['up', '-d'], { cwd: fleet.cwd, node: preload }).ended
    expect(code).toBe(0)
    const { pid } = await supervisor()
    process.kill(pid, 'SIGUSR2')
    await eventually(() => expect(isAlive(pid)).toBe(false))
    expect(file('up.out')).toMatch(/crashed {2}boom\nhyphae: Error: boom\n[^]*the services go on\. Come back with: hyphae up -c /)
    expect(await fleet.run(['up', '-d'])).toMatchObject({ code: 0, err: '' })
    expect(await fleet.status('web')).toMatchObject({ reason: 'found running and adopted' })
    // Each run begins it anew.
    expect(file('up.out')).not.toContain('boom')
  })
})
