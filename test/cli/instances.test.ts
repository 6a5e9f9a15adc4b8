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

test('a mode leaves services out: the start says which, status shows it, a reload goes over to another', async () => {
  folder = fleetFolder(config(''))
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
  expect((await folder.status('web')).pid).toBe(pid)
})
