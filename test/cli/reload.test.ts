import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, test } from 'vitest'
import { commands } from '../../src/commands/registry.ts'
import { eventually } from '../support/eventually.ts'
import { fleetFolder, launch, type FleetFolder, type Running } from '../support/cli.ts'

let folder: FleetFolder
const others: Running[] = []
afterEach(async () => {
  for (const { child, ended } of others.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
  await folder.end()
})

const service = (name: string, seconds = 1000, more = ''): string => `
    ${name}:
      command: sleep
      args: ['${seconds}']
${more}`
const config = (...services: string[]): string => `supervisor:\n  services:${services.join('')}\n`
const write = (text: string, name = 'hyphae.yaml'): void => writeFileSync(join(folder.cwd, name), text)
const running = (args: readonly string[]): Running => {
  const one = launch(args, { cwd: folder.cwd })
  others.push(one)
  return one
}

describe('hyphae reload', () => {
  test('shows what would change, then what has, and how many are untouched', async () => {
    folder = fleetFolder(config(service('same'), service('changed'), service('gone')))
    await folder.up()
    const { pid } = await folder.status('same')
    write(config(service('same'), service('changed', 1001), service('new')))
    expect(await folder.run(['reload', '--dry-run'])).toEqual({
      code: 0,
      out: 'new      would be added\nchanged  would change  args\ngone     would be removed\n1 service would stay untouched\n',
      err: '',
    })
    expect((await folder.status('gone')).status).toBe('running')
    expect(await folder.run(['reload'])).toEqual({
      code: 0,
      out: 'new      added\nchanged  changed  args\ngone     removed\n1 service untouched\n',
      err: '',
    })
    const { code, out } = await folder.run(['reload', '--json', '--request-id', 'r-1'])
    expect(code).toBe(0)
    expect(commands['system.reload'].output.parse(JSON.parse(out))).toMatchObject({ changes: [], unchanged: 3 })
    expect((await folder.run(['reload', '--json', '--request-id', 'r-1'])).out).toBe(out)
    expect((await folder.status('same')).pid).toBe(pid)
  })

  test('a wrong config changes nothing; its problems are shown as validate shows them', async () => {
    folder = fleetFolder(config(service('web')))
    await folder.up()
    const { pid } = await folder.status('web')
    write(config(service('web', 1000, '      one_shoot: true\n      max_restarts: two\n')))
    const { code, out, err } = await folder.run(['reload'])
    expect({ code, out, err }).toEqual(await folder.run(['validate']))
    expect({ code, out }).toEqual({ code: 2, out: '' })
    const told = await folder.run(['reload', '--json'])
    expect(told.code).toBe(2)
    expect(JSON.parse(told.err)).toMatchObject({
      error: { code: 'invalid_params', data: { problems: [expect.any(String), expect.any(String)] } },
    })
    expect((await folder.status('web')).pid).toBe(pid)
  })

  test('without an orchestrator there is none to reload', async () => {
    folder = fleetFolder(config())
    expect((await folder.run(['reload'])).code).toBe(3)
    expect((await folder.run(['reload', '--watch'])).code).toBe(3)
  })

  test('--watch reloads on an edit and on a rename, waits out a broken file, and ends with Ctrl-C (process-compose: TestWatcher_RestartErrorDoesNotKillDispatcher)', async () => {
    folder = fleetFolder(config(service('web')))
    await folder.up()
    const watch = running(['reload', '--watch'])
    await eventually(() => expect(watch.out).toBe('1 service untouched\n'))
    write(config(service('web'), service('second')))
    await eventually(() => expect(watch.out).toContain('second  added\n'))
    write('supervisor: [', 'hyphae.yaml')
    await eventually(() => expect(watch.err).toMatch(/nothing was reloaded\nhyphae\.yaml:1:/))
    // As editors do: another file takes its name.
    write(config(service('web'), service('third')), '.hyphae.yaml.swp')
    renameSync(join(folder.cwd, '.hyphae.yaml.swp'), join(folder.cwd, 'hyphae.yaml'))
    await eventually(() => expect(watch.out).toContain('third   added\nsecond  removed\n'))
    rmSync(join(folder.cwd, 'hyphae.yaml'))
    await eventually(() => expect(watch.err).toContain('there is no such file'))
    write(config(service('web')))
    await eventually(() => expect(watch.out).toContain('third  removed\n'))
    watch.child.kill('SIGINT')
    expect((await watch.ended).code).toBe(0)
  })

  test('--watch --json prints a line for each reload, and ends when the orchestrator does', async () => {
    folder = fleetFolder(config(service('web')))
    const up = await folder.up()
    const watch = running(['reload', '--watch', '--json'])
    await eventually(() => expect(watch.out.split('\n')).toHaveLength(2))
    write('supervisor: [')
    await eventually(() => expect(watch.out.split('\n')).toHaveLength(3))
    const [first = '', second = ''] = watch.out.split('\n')
    expect(JSON.parse(first)).toMatchObject({ because: 'nothing has changed' })
    expect(JSON.parse(second)).toMatchObject({ error: { code: 'invalid_params' } })
    up.child.kill('SIGTERM')
    await up.ended
    expect((await watch.ended).code).toBe(3)
  })

  test('--watch and --request-id do not go together', async () => {
    folder = fleetFolder(config())
    expect(await folder.run(['reload', '--watch', '--request-id', 'x'])).toMatchObject({ code: 2, out: '' })
  })
})

describe('hyphae up', () => {
  test('--watch reloads by itself, and says who asked', async () => {
    folder = fleetFolder(config(service('web')))
    const up = await folder.up({}, ['--watch'])
    write(config(service('web', 1000, '      one_shoot: true\n')))
    await eventually(() => expect(up.out).toContain('the config was not reloaded: hyphae.yaml:6:7:'))
    write(config(service('web'), service('second')))
    await eventually(() => expect(up.out).toMatch(/hyphae {2}reloaded {2}1 new \(by hyphae up --watch\)/))
    await eventually(async () => expect((await folder.status('second')).status).toBe('running'))
  })

  test('-d --watch does so in the background', async () => {
    folder = fleetFolder(config(service('web')))
    expect((await folder.run(['up', '-d', '--watch'])).code).toBe(0)
    write(config(service('web'), service('second')))
    await eventually(async () => expect((await folder.status('second')).status).toBe('running'))
  })

  test('SIGHUP goes through the command: a wrong config is told, a right one is gone over to, whoever asked stands there', async () => {
    folder = fleetFolder(config(service('web')))
    const up = await folder.up()
    write(config(service('web', 1000, '      one_shoot: true\n')))
    up.child.kill('SIGHUP')
    await eventually(() => expect(up.out).toMatch(/the config was not reloaded: hyphae\.yaml:6:7: .*one_shoot/))
    expect(up.out).toMatch(/hyphae {2}reload refused {2}\S+hyphae\.yaml:6:7: .* \(by SIGHUP\)/)
    write(config(service('web'), service('second')))
    // Each of a storm is heard, and the last one is obeyed.
    for (let n = 0; n < 20; n++) up.child.kill('SIGHUP')
    await eventually(() => expect(up.out).toMatch(/hyphae {2}reloaded {2}1 new \(by SIGHUP\)/))
    expect(process.kill(up.child.pid ?? 0, 0)).toBe(true)
  })
})
