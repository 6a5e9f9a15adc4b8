import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/free-port.ts'
import { cli, fleetFolder, type FleetFolder } from '../support/cli.ts'

let fleet: FleetFolder
beforeEach(() => {
  fleet = fleetFolder('supervisor: { services: { web: { command: sleep, args: ["1000"] } } }')
})
afterEach(() => fleet.end())

interface Report {
  readonly ok: boolean
  readonly checks: ReadonlyArray<{ check: string; level: string; found: string; remedy: string | null }>
}

test('in a sound world it ends well, and leaves no trace', async () => {
  const { code, out, err } = await fleet.run(['doctor', '--json'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const { ok, checks } = JSON.parse(out) as Report
  expect(ok).toBe(true)
  expect(checks.find(({ check }) => check === 'orchestrator')?.found).toBe('none is running')
  expect(existsSync(fleet.stateDir)).toBe(false)
})

test('while a fleet runs it asks it, and takes nothing from it', async () => {
  await fleet.up()
  const before = await fleet.status('web')
  const { code, out } = await fleet.run(['doctor'])
  expect(code).toBe(0)
  expect(out).toMatch(/^ok +orchestrator +pid \d+ is running and answers within/m)
  expect(out).toMatch(/^ok +journal +the running orchestrator writes to it/m)
  expect(await fleet.status('web')).toMatchObject({ pid: before.pid, state: before.state })
})

test('what is wrong stands there with what to do, and the exit code is 1', async () => {
  writeFileSync(join(fleet.cwd, 'hyphae.yaml'), 'supervisor: { services: { web: { command: no-such-program } } }')
  mkdirSync(fleet.stateDir, { mode: 0o755 })
  const { code, out, err } = await fleet.run(['doctor'])
  expect(code).toBe(1)
  expect(out).toMatch(/^error +service web +the command "no-such-program" was not found/m)
  expect(out).toMatch(/^ +→ chmod 700 /m)
  expect(err).toBe('hyphae: something is wrong with: service web\n')
})

test('a config that cannot be used keeps it from nothing else', async () => {
  writeFileSync(join(fleet.cwd, 'hyphae.yaml'), 'supervisor: { services: { web: { comand: sleep } } }')
  const { code, out } = await fleet.run(['doctor'])
  expect(code).toBe(1)
  expect(out).toMatch(/^error +config +hyphae\.yaml:/m)
  expect(out).toMatch(/^ok +state folder/m)
  expect((await fleet.run(['doctor', '--url', 'http://localhost:1'])).code).toBe(2)
})

test('what was left running is ours: its port is not held by a stranger', async () => {
  const port = await freePort()
  const script = `require("http").createServer((q, s) => s.end()).listen(${port}, "127.0.0.1")`
  const services = { web: { command: process.execPath, args: ['-e', script], health_check_url: `http://127.0.0.1:${port}/` } }
  writeFileSync(join(fleet.cwd, 'hyphae.yaml'), JSON.stringify({ supervisor: { services } }))
  await fleet.up()
  await eventually(async () => expect((await fleet.status('web')).state).toBe('healthy'))
  expect((await fleet.run(['leave'])).code).toBe(0)
  const { code, out } = await fleet.run(['doctor'])
  expect(code).toBe(0)
  expect(out).not.toContain('none of ours')
  expect(out).toMatch(/^warning +orchestrator +the last one \(pid \d+\) ended without a stop/m)
})

test.skipIf(process.getuid?.() !== 0)(
  "a state folder that one may not enter is somebody else's, and keeps it from nothing else",
  async () => {
    await fleet.up()
    const config = join(fleet.cwd, 'hyphae.yaml')
    chmodSync(fleet.cwd, 0o755)
    const as = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, cli, 'doctor', '--json', '-c', config]
    const { stdout } = spawnSync('setpriv', as, { encoding: 'utf8', cwd: '/' })
    const { ok, checks } = JSON.parse(stdout) as Report
    expect(ok).toBe(false)
    const found = (name: string) => checks.find(({ check }) => check === name)
    expect(found('state folder')).toMatchObject({ level: 'error', remedy: expect.stringContaining('as that user') as string })
    expect(found('orchestrator')).toMatchObject({ level: 'error', remedy: 'run hyphae doctor as the user that Hyphae runs as' })
    expect(found('clock')?.level).toBe('error')
    expect(found('node')?.level).toBe('ok')
  },
)
