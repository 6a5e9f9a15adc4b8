import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'

/** `hyphae lockdown`: nobody changes anything, and the services are kept up all the same. */

const config = `
supervisor:
  services:
    web: { command: sleep, args: ["1000"], restart: { delay: 10ms } }
`
let folder: FleetFolder | undefined
afterEach(async () => {
  await folder?.run(['lockdown', 'off'])
  await folder?.end()
  folder = undefined
})

test(
  'a config that changes is not gone over to, neither because it is watched nor because of SIGHUP',
  { timeout: 60_000 },
  async () => {
    folder = fleetFolder(config)
    const { run, cwd } = folder
    const up = await folder.up({}, ['--watch'])
    expect((await run(['lockdown', 'on', '--reason', 'a break-in'])).code).toBe(0)
    writeFileSync(join(cwd, 'hyphae.yaml'), `${config}    planted: { command: sleep, args: ["1000"] }\n`)
    const refused = /the config was not reloaded: system\.reload is refused: the fleet is locked down/g
    await eventually(() => expect(up.out.match(refused)).toHaveLength(1))
    up.child.kill('SIGHUP')
    await eventually(() => expect(up.out.match(refused)).toHaveLength(2))
    expect((await run(['status', 'planted'])).code).not.toBe(0)
    expect((await run(['lockdown', 'off'])).code).toBe(0)
    up.child.kill('SIGHUP')
    await eventually(() => expect(up.out).toMatch(/1 new \(by SIGHUP\)/))
  },
)

test('it refuses whatever changes something, outlives a kill -9, and ends when it is told to', { timeout: 60_000 }, async () => {
  folder = fleetFolder(config)
  const { run, status } = folder
  const up = await folder.up()
  expect((await run(['lockdown', 'on', '--reason', 'a break-in'])).out).toMatch(
    /^locked down since .* by local:\S+: a break-in; hyphae lockdown off ends it\n$/,
  )
  const before = await status('web')
  for (const words of [
    ['restart', 'web'],
    ['stop', 'web'],
    ['reload'],
    ['down'],
    ['leave'],
    ['send', 'service.web', 'RESTART'],
  ]) {
    const { code, err } = await run(words)
    expect([words[0], code]).toEqual([words[0], 77])
    expect(err).toMatch(/the fleet is locked down since .* by local:\S+: a break-in; `hyphae lockdown off` ends that/)
  }
  // Supervision goes on: what dies comes up again.
  process.kill(before.pid ?? 0, 'SIGKILL')
  await eventually(async () => {
    const now = await status('web')
    expect(now.status).toBe('running')
    expect(now.pid).not.toBe(before.pid)
  }, 20_000)

  expect((await run(['lockdown'])).out).toMatch(/^locked down since .* by local:\S+: a break-in; hyphae lockdown off ends it\n$/)
  expect(JSON.parse((await run(['lockdown', '--json'])).out)).toMatchObject({ on: true, reason: 'a break-in' })
  expect((await run(['lockdown', '--reason', 'x'])).code).toBe(2)

  up.child.kill('SIGKILL')
  await up.ended
  await folder.up()
  expect((await run(['status'])).out).toContain('the fleet is locked down since')
  expect((await run(['restart', 'web'])).code).toBe(77)
  expect((await run(['lockdown', 'off'])).out).toBe('not locked down\n')
  expect((await run(['lockdown'])).out).toBe('not locked down\n')
  expect((await run(['restart', 'web'])).code).toBe(0)
  const audit = (await run(['events', '--audit'])).out
  expect(audit).toContain('locked down: a break-in')
  expect(audit).toMatch(/refused +service\.restart is refused: the fleet is locked down/)
  expect(audit).toContain('lifted')
})
