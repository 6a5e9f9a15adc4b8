import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { commands } from '../../src/commands/registry.ts'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'

let folder: FleetFolder
afterEach(() => folder.end())

const write = (name: string, text: string): void => writeFileSync(join(folder.cwd, name), text)
const config = (web: string, more = ''): string => `supervisor:
${more}  services:
    web: { command: sleep, args: ['1000']${web} }
    night: { command: sleep, args: ['1000'], modes: [advanced] }
`

test('restart of several is one after the other; --at-once, names and an error of each are as they are told', async () => {
  folder = fleetFolder(config(', instances: 2'))
  await folder.up()
  const restart = await folder.run(['restart', 'web'])
  expect(restart).toMatchObject({ code: 0, err: '' })
  expect(restart.out).toMatch(/^web-1 {2}healthy {2}pid \d+ {2}restarted by .*\nweb-2 {2}healthy {2}pid \d+/)
  const events = await folder.run(['events', '--json'])
  expect(events.out).toContain('restart of web, one after the other: done')
  expect((await folder.run(['restart', 'web', '--at-once'])).code).toBe(0)
  expect(await folder.run(['explain', 'web'])).toMatchObject({
    code: 2,
    err: 'hyphae: service: "web" is web-1, web-2, and this is for one service; name one of them\n',
  })
  const { out } = await folder.run(['status', 'web'])
  expect(out.split('\n').map((line) => line.split(' ')[0])).toEqual(['NAME', 'web-1', 'web-2', ''])
  write('hyphae.yaml', config(', instances: 3'))
  expect((await folder.run(['reload'])).out).toBe('web-3  added\n2 services untouched\n')
})

test('names of several, of instances and of groups, are completed where they are taken, and known by events, explain and send', async () => {
  const groups = '  groups: { pair: { strategy: one_for_all, services: [web, other] } }\n'
  folder = fleetFolder(
    `${config(', instances: 2', groups)}    other: { command: sleep, args: ['1000'], restart: { jitter: 0 } }\n`,
  )
  await folder.up()
  const completed = async (...words: string[]): Promise<string> => (await folder.run(['__complete', '--', ...words, ''])).out
  const single = 'web-1\thealthy\nweb-2\thealthy\nother\thealthy\n'
  for (const verb of ['restart', 'status', 'logs', 'events'])
    expect(await completed(verb)).toBe(`${single}web\t2 instances\npair\ta group of 3\n`)
  expect(await completed('restart', 'pair')).toBe(`${single}web\t2 instances\n`)
  expect(await completed('explain')).toBe(single)
  expect(await completed('custom-restart')).toBe(single)

  expect((await folder.run(['explain', 'web-1'])).out).toMatch(
    /\n {2}policy {6}restarts always; its group decides when, and counts\n {2}group {7}pair \(one_for_all, watching\): web-1, web-2, other\n {2}instance {4}of web\n/,
  )
  expect((await folder.run(['send', 'group.pair', 'RESTART'])).code).toBe(0)
  const about = async (name: string): Promise<string[]> => {
    const { events } = commands['events.read'].output.parse(JSON.parse((await folder.run(['events', name, '--json'])).out))
    return [...new Set(events.map((event) => event.about))].sort()
  }
  await eventually(async () =>
    expect(await about('pair')).toEqual(['group.pair', 'service.other', 'service.web-1', 'service.web-2']),
  )
  expect(await about('web')).toEqual(['service.web-1', 'service.web-2'])
  expect((await folder.run(['send', 'pair', 'RESTART'])).err).toBe(
    'hyphae: there is no actor "pair"; did you mean "group.pair"?\n  list them: hyphae actors\n',
  )
  const nameless = await folder.run(['restart'])
  expect(nameless.code).toBe(2)
  expect(nameless.err).toMatch(/\n {2}see: hyphae restart --help\n$/)
  expect((await folder.run(['send', 'web', 'RESTART'])).err).toContain('did you mean "service.web-1"?')
  expect((await folder.run(['send', 'nobody-at-all', 'RESTART'])).err).toBe(
    'hyphae: there is no actor "nobody-at-all"\n  list them: hyphae actors\n',
  )
  write('hyphae.yaml', config(', instances: 2', '  groups: { none: { strategy: one_for_one, services: [web], window: 3 } }\n'))
  expect((await folder.run(['reload'])).err).toBe(
    'warning: hyphae.yaml:2: supervisor.groups.none.window: has no effect with one_for_one, where each service counts its own restarts: say it there\n',
  )
  // It is gone; what it did is not.
  expect(await about('pair')).toEqual(['group.pair'])
})

test('a mode leaves services out: the start says which, status shows it, a reload goes over to another', async () => {
  folder = fleetFolder(config('', '  groups: { late: { strategy: one_for_all, services: [night] } }\n'))
  const up = await folder.up()
  expect(up.err).toBe('left out without a mode: night (advanced)\n')
  expect(await folder.run(['validate', '--mode', 'advanced'])).toEqual({
    code: 0,
    out: 'hyphae.yaml is valid: 2 services\n',
    err: '',
  })
  expect(await folder.run(['validate', '--mode', 'advnced'])).toMatchObject({
    code: 2,
    err: 'command line: --mode: no service names the mode "advnced"; known are proxy, advanced\n  did you mean "advanced"?\n',
  })
  expect(JSON.parse((await folder.run(['validate', '--json', '--mode', 'proxy'])).out)).toMatchObject({
    mode: 'proxy',
    services: ['web'],
    left_out: ['night'],
  })
  expect(await folder.run(['start', 'night'])).toMatchObject({
    code: 4,
    err: 'hyphae: "night" is left out: it runs in the mode advanced, and there is no mode\n  list them: hyphae status\n',
  })
  // A group of nobody else is left out with it: a restart of it would be told to nobody, and said to be done.
  expect(await folder.run(['restart', 'late'])).toMatchObject({ code: 4 })
  const { pid } = await folder.status('web')
  write('hyphae.yaml', config('', '  mode: advanced\n'))
  expect((await folder.run(['reload'])).out).toBe('night  added\n1 service untouched\n')
  expect((await folder.run(['status'])).out).toMatch(/^mode: advanced$/m)
  expect((await folder.status('web')).pid).toBe(pid)
  write('hyphae.yaml', config(''))
  expect((await folder.run(['reload'])).out).toBe('night  removed\n1 service untouched\n')
})

test('the flag of up holds over reloads, also in the background', async () => {
  folder = fleetFolder(config('', '  mode: proxy\n'))
  expect((await folder.run(['up', '-d', '--mode', 'advanced'], { MAGICTUNNEL_RUNTIME_MODE: 'proxy' })).code).toBe(0)
  expect((await folder.run(['reload'])).out).toBe('2 services untouched\n')
  const { out } = await folder.run(['status', '--json'])
  expect(commands['system.status'].output.parse(JSON.parse(out)).supervisor.mode).toBe('advanced')
})

test('an env file is part of the config: a change restarts its service alone, also by itself with --watch', async () => {
  folder = fleetFolder(`supervisor:
  services:
    web: { command: sh, args: ['-c', 'echo "<$COLOR $SECRET>"; exec sleep 1000'], env_file: [web.env, { path: more.env, required: false }] }
    other: { command: sleep, args: ['1000'] }
`)
  write('web.env', 'COLOR=red\nSECRET=hunter2\n')
  await folder.up({}, ['--watch'])
  const other = await folder.status('other')
  const last = async (): Promise<string> => (await folder.run(['logs', 'web', '-n', '1'])).out
  await eventually(async () => expect(await last()).toContain('<red hunter2>'))
  write('web.env', 'COLOR=blue\nSECRET=hunter2\n')
  await eventually(async () => expect(await last()).toContain('<blue hunter2>'))
  // One that may be missing is looked at, too; as editors do.
  write('.more.env.swp', 'COLOR=green\n')
  renameSync(join(folder.cwd, '.more.env.swp'), join(folder.cwd, 'more.env'))
  await eventually(async () => expect(await last()).toContain('<green hunter2>'))
  rmSync(join(folder.cwd, 'web.env'))
  const { code, err } = await folder.run(['reload'])
  expect(code).toBe(2)
  expect(err).toMatch(/^hyphae\.yaml:3:\d+: supervisor\.services\.web\.env_file\[0\]: there is no file .*web\.env$/m)
  expect((await folder.status('other')).pid).toBe(other.pid)
})

test('a file that is empty for a moment ends nothing', async () => {
  folder = fleetFolder(config(''))
  const up = await folder.up({}, ['--watch'])
  const { pid } = await folder.status('web')
  write('hyphae.yaml', '')
  await eventually(() => expect(up.out).toMatch(/the config was not reloaded: .*hyphae\.yaml: the file is empty/))
  write('hyphae.yaml', '# soon\n\n')
  expect(await folder.run(['reload'])).toMatchObject({ code: 2 })
  // Half of a file, and services at the wrong place, are no wish to stop everything.
  for (const text of ['supervisor:\n  services:\n', 'services: { web: { command: sleep } }\n']) {
    write('hyphae.yaml', text)
    const { code, err } = await folder.run(['reload'])
    expect([code, err]).toEqual([2, expect.stringContaining('nothing is said of `supervisor.services`')])
  }
  expect((await folder.status('web')).pid).toBe(pid)
})
