import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openJournal } from '../../src/store/journal.ts'
import { notifierOf, statusText } from '../../src/cli/up/notify.ts'
import type { HealthReport } from '../../src/protocol/health.ts'
import { fleetFolder, type FleetFolder } from '../support/cli.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { specOf } from '../support/programs.ts'
import { standInSystemd } from '../support/stand-in-systemd.ts'

let systemd: ReturnType<typeof standInSystemd>
let folder: FleetFolder
beforeEach(() => {
  systemd = standInSystemd()
  folder = fleetFolder('supervisor: { services: { web: { command: sh, args: [-c, "env >env.txt; exec sleep 1000"] } } }')
})
afterEach(async () => {
  await folder.end()
  systemd.end()
})

const said = (assignment: string, times: number) =>
  eventually(() => expect(systemd.count(assignment)).toBeGreaterThanOrEqual(times))
const often = { WATCHDOG_USEC: '100000' }

test('up says that it is ready, that it reloads, and that it stops; services hear nothing of it', async () => {
  const up = await folder.up(systemd.env)
  await said('READY=1', 1)
  await eventually(() => expect(systemd.messages().flat()).toContain('STATUS=1 of 1 services up'))
  expect((await folder.run(['reload'])).code).toBe(0)
  await said('RELOADING=1', 1)
  await said('READY=1', 2)
  writeFileSync(join(folder.cwd, 'hyphae.yaml'), 'supervisor: { services: 7 }')
  expect((await folder.run(['reload'])).code).toBe(2)
  await said('READY=1', 3)
  up.child.kill('SIGTERM')
  await up.ended
  expect(systemd.messages().at(-1)).toEqual(['STOPPING=1', 'STATUS=stopping every service'])
  // Nobody asked for signs of life.
  expect(systemd.count('WATCHDOG=1')).toBe(0)
  expect(up.err).toBe('')
})

test('services do not inherit the socket', async () => {
  await folder.up({ ...systemd.env, ...often })
  const env = await eventually(() => {
    const text = readFileSync(join(folder.cwd, 'env.txt'), 'utf8')
    expect(text).toContain('PATH=')
    return text
  })
  expect(env).not.toMatch(/NOTIFY_SOCKET|WATCHDOG/)
})

test('an event loop that hangs gives no more signs of life', async () => {
  const hang = resolve(import.meta.dirname, '../fixtures/hang-on-signal.mjs')
  const up = await folder.up({ ...systemd.env, ...often }, [], ['--import', hang])
  await said('WATCHDOG=1', 3)
  up.child.kill('SIGUSR2')
  // Another one shows how much time went by: signs under way when it hung may still come.
  const other = standInSystemd()
  const fleet = await startFleet([])
  const beating = notifierOf({
    orchestrator: fleet.orchestrator,
    log,
    env: { ...other.env, ...often },
    health: () => fleet.call('system.health', {}),
  })
  beating.ready()
  await eventually(() => expect(other.count('WATCHDOG=1')).toBeGreaterThan(5))
  const then = systemd.count('WATCHDOG=1')
  await eventually(() => expect(other.count('WATCHDOG=1')).toBeGreaterThan(15))
  expect(systemd.count('WATCHDOG=1')).toBe(then)
  up.child.kill('SIGKILL')
  await beating.end()
  await fleet.end()
  other.end()
})

const log = { warn() {} }

test('without life there is no sign of it, be it told, late or an error; signs are never asked for twice at once', async () => {
  const fleet: Fleet = await startFleet([])
  let answer: () => Promise<HealthReport> = () => fleet.call('system.health', {})
  let asked = 0
  const notifier = notifierOf({
    orchestrator: fleet.orchestrator,
    log,
    env: { ...systemd.env, ...often },
    health: () => {
      asked += 1
      return answer()
    },
  })
  notifier.ready()
  await said('WATCHDOG=1', 2)
  answer = async () => ({ ...(await fleet.call('system.health', {})), live: false })
  const more = async (times: number): Promise<void> => {
    const before = asked
    await eventually(() => expect(asked).toBeGreaterThanOrEqual(before + times))
  }
  await more(2)
  const then = systemd.count('WATCHDOG=1')
  await more(5)
  answer = () => Promise.reject(new Error('the journal is gone'))
  await more(5)
  expect(systemd.count('WATCHDOG=1')).toBe(then)
  let arrive: (report: HealthReport) => void = () => {}
  const late = new Promise<HealthReport>((resolve) => {
    arrive = resolve
  })
  answer = () => late
  await more(1)
  const before = asked
  // Meanwhile another one goes on, so that time goes by.
  const other = standInSystemd()
  const parts = { orchestrator: fleet.orchestrator, log, env: { ...other.env, ...often } }
  const beating = notifierOf({ ...parts, health: () => fleet.call('system.health', {}) })
  beating.ready()
  await eventually(() => expect(other.count('WATCHDOG=1')).toBeGreaterThan(5))
  await beating.end()
  other.end()
  expect(asked).toBe(before)
  answer = () => fleet.call('system.health', {})
  // It counts once it comes.
  arrive(await fleet.call('system.health', {}))
  await more(2)
  await said('WATCHDOG=1', then + 2)
  await notifier.end()
  await fleet.end()
})

test('a journal that does not answer is no life', async () => {
  let dead = false
  const fleet = await startFleet([], {
    openJournal: async (...given) => {
      const opened = await openJournal(...given)
      const { journal } = opened
      return { ...opened, journal: { ...journal, sync: () => (dead ? new Promise(() => {}) : journal.sync()) } }
    },
  })
  const notifier = notifierOf({
    orchestrator: fleet.orchestrator,
    log,
    env: { ...systemd.env, ...often },
    health: () => fleet.call('system.health', {}),
  })
  notifier.ready()
  await said('WATCHDOG=1', 1)
  dead = true
  await eventually(async () => expect(await fleet.call('system.health', {})).toMatchObject({ live: false }))
  const then = systemd.count('WATCHDOG=1')
  await eventually(async () => expect(await fleet.call('system.health', {})).toMatchObject({ live: false }))
  expect(systemd.count('WATCHDOG=1')).toBeLessThanOrEqual(then + 1)
  dead = false
  await said('WATCHDOG=1', then + 2)
  await notifier.end()
  await fleet.end()
})

test('the text names what is not up, the first few of them', async () => {
  const broken = Array.from({ length: 7 }, (_, n) => specOf({ name: `b${n}`, command: 'no-such-program' }))
  const fleet = await startFleet([specOf({ name: 'web', command: 'sleep', args: ['1000'] }), ...broken])
  await fleet.until('web', 'healthy')
  await eventually(() => expect(statusText(fleet.orchestrator.view)).toMatch(/^1 of 8 services up; b0 is failed; .*; 2 more$/))
  await fleet.end()
})
