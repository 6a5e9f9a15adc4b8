import { closeSync, existsSync, openSync, readFileSync, symlinkSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, describe, expect, test } from 'vitest'
import { HyphaeError } from '../../src/protocol/errors.ts'
import type { Fault } from '../../src/protocol/status.ts'
import { eventually } from '../support/eventually.ts'
import { noDisk, smallDisk, type SmallDisk } from '../support/small-disk.ts'
import { load, siege, type Siege } from '../support/up.ts'

/** Disks that take no more, under a whole orchestrator. */

if (noDisk !== null) process.stderr.write(`not tested: full disks, because ${noDisk}\n`)

const size = 2 * 1024 * 1024
const sleeper = { command: '/bin/sleep', args: ['100000'] }
const talker = { command: '/bin/sh', args: ['-c', 'while :; do echo word; sleep 0.1; done'] }

let disk: SmallDisk | undefined
let fleet: Siege | undefined
afterEach(async () => {
  await fleet?.end()
  await disk?.end()
  fleet = undefined
  disk = undefined
})

/** A fleet whose state folder is on a disk of its own. */
async function besiege(services: Readonly<Record<string, object>>) {
  const there = (disk = await smallDisk(size))
  const state = { stateDir: join(there.dir, 'state'), seen: join(there.path, 'state'), enter: there.enter }
  return { disk: there, fleet: (fleet = siege({ ...state, services })) }
}

const faultOf = async (one: Siege, what: Fault['what']): Promise<Fault | undefined> =>
  (await one.status()).supervisor.faults.find((fault) => fault.what === what)
const untilFault = (one: Siege, what: Fault['what']): Promise<Fault> =>
  eventually(async () => {
    const found = await faultOf(one, what)
    if (found === undefined) throw new Error(`there is no fault of the ${what} yet`)
    return found
  })
const untilMended = (one: Siege): Promise<void> =>
  eventually(async () => expect((await one.status()).supervisor.faults).toEqual([]))
/** A command's own error, or null where it was acknowledged. */
const refusal = (one: Siege, verb: 'start' | 'stop' | 'restart', name: string, request?: string): Promise<string | null> =>
  one.ask((client) =>
    client.call(`service.${verb}`, { services: [name], request_id: request }).then(
      () => null,
      (error: unknown) => {
        if (error instanceof HyphaeError) return `${error.code}: ${error.message}`
        throw error
      },
    ),
  )

describe.skipIf(noDisk !== null)('a full state folder', () => {
  test('services go on, what starts is refused, what stops is done, and all goes on by itself once there is room', async () => {
    const { disk: there, fleet: one } = await besiege({ plain: sleeper, other: sleeper, third: sleeper, talker })
    const up = await one.up()
    expect(await refusal(one, 'restart', 'plain', 'before')).toBeNull()
    expect(await refusal(one, 'stop', 'third')).toBeNull()
    const before = (await one.status()).services
    there.fill()

    // What ends something is carried out, and whoever asked hears that nobody will know of it.
    expect(await refusal(one, 'stop', 'other')).toMatch(
      /^storage: service\.stop was carried out, but could not be kept: .*free space there/,
    )
    expect(await one.service('other')).toMatchObject({ state: 'stopped', desired: 'stop' })
    const fault = await untilFault(one, 'journal')
    expect(fault.because).toMatch(/state\/journal\.db cannot be written: database or disk is full; free space there/)
    const [told] = await one.facts('system.fault')
    expect(told).toMatchObject({ because: fault.because, data: { what: 'journal' } })
    await untilFault(one, 'logs')
    const health = await one.ask((client) => client.call('system.health', {}))
    expect(health).toMatchObject({ live: true, ready: false, status: 'running' })
    expect(health.checks.find(({ name }) => name === 'journal')?.because).toContain('free space there')
    for (const verb of ['start', 'restart'] as const) {
      expect(await refusal(one, verb, 'plain', `in-fault-${verb}`)).toMatch(/^storage: service\.\w+ is not taken/)
    }
    const { code, err } = await one.run('restart', 'plain')
    expect({ code, err }).toEqual({ code: 8, err: expect.stringContaining('free space there') as string })

    expect(await load(up.pid, 2_000)).toBeLessThan(0.1)
    expect(up.child.exitCode).toBeNull()
    const during = (await one.status()).services
    for (const name of ['plain', 'talker']) expect(during[name]).toMatchObject({ pid: before[name]?.pid, state: 'healthy' })

    there.free()
    await untilMended(one)
    await eventually(async () =>
      expect(await one.ask((client) => client.call('system.health', {}))).toMatchObject({ live: true, ready: true }),
    )
    expect(new Set((await one.facts('system.mended')).map(({ data }) => data['what']))).toEqual(new Set(['journal', 'logs']))
    // What was refused was not begun: the same request may be made now.
    expect(await refusal(one, 'restart', 'plain', 'in-fault-restart')).toBeNull()
    const kept = (await one.status()).services
    await one.kill(up)
    await one.up()
    const { services } = await one.status()
    for (const name of ['plain', 'talker']) expect(services[name]).toMatchObject({ pid: kept[name]?.pid, state: 'healthy' })
    expect(services['plain']).toMatchObject({ generation: 3, restart_count: 2 })
    for (const name of ['other', 'third']) expect(services[name]).toMatchObject({ state: 'stopped', desired: 'stop' })
    // Acknowledged before the disk was full: not run again.
    expect(await refusal(one, 'restart', 'plain', 'before')).toBeNull()
    expect(await one.service('plain')).toMatchObject({ generation: 3 })
    // Our own log was on that disk, too, and says that something is missing.
    const log = readFileSync(join(there.path, 'state/supervisor.log'), 'utf8').trimEnd().split('\n')
    expect(log.map((line) => typeof JSON.parse(line))).toEqual(log.map(() => 'object'))
  })

  test('up comes up with it, and goes on without a restart', async () => {
    const { disk: there, fleet: one } = await besiege({ plain: sleeper, talker })
    there.fill()
    const up = await one.up()
    expect((await untilFault(one, 'journal')).because).toContain('free space there')
    expect(await refusal(one, 'restart', 'plain')).toMatch(/^storage: /)
    const { pid } = await one.service('plain')
    there.free()
    await untilMended(one)
    expect(await refusal(one, 'restart', 'talker')).toBeNull()
    await one.kill(up)
    await one.up()
    expect(await one.service('plain')).toMatchObject({ pid, generation: 1 })
    expect(await one.service('talker')).toMatchObject({ generation: 2, restart_count: 1 })
  })

  test('it can be left: the next one takes over what runs', async () => {
    const { disk: there, fleet: one } = await besiege({ plain: sleeper })
    const up = await one.up()
    const { pid } = await one.service('plain')
    there.fill()
    await untilFault(one, 'journal')
    const gone = new Promise((resolve) => up.child.once('exit', resolve))
    expect(await one.ask((client) => client.call('system.leave'))).toMatchObject({ left: ['plain'] })
    await gone
    there.free()
    await one.up()
    expect(await one.service('plain')).toMatchObject({ pid, generation: 1, state: 'healthy' })
  })

  test('our own log says how many lines are missing', async () => {
    const { disk: there, fleet: one } = await besiege({ talker })
    await one.up()
    there.fill()
    // So many words that the last page of the log is full as well.
    await eventually(async () => {
      await refusal(one, 'stop', 'talker')
      await one.ask((client) => client.call('actor.send', { to: 'service.talker', event: { type: 'STOP' } })).catch(() => {})
      expect((await one.facts('command.accepted')).length).toBeGreaterThan(60)
    })
    there.free()
    await untilMended(one)
    const log = readFileSync(join(there.path, 'state/supervisor.log'), 'utf8')
    expect(log).toMatch(/"msg":"\d+ lines are missing here: the disk took no more"/)
  })
})

describe.skipIf(noDisk !== null)('an unwritable state folder', () => {
  test('is refused at a start, by its name', async () => {
    const { disk: there, fleet: one } = await besiege({ plain: sleeper })
    await there.cover()
    const fresh = await one.launch().ended
    expect(fresh).toMatchObject({ out: '', err: expect.stringContaining(join(there.dir, 'state')) as string })
    expect(fresh.code).not.toBe(0)
    await there.uncover()
    await one.kill(await one.up())
    await there.cover()
    const known = await one.launch().ended
    expect(known).toMatchObject({ code: 8, err: expect.stringContaining(join(there.dir, 'state')) as string })
    await there.uncover()
    // The services of before have not been touched.
    await one.up()
    expect(await one.service('plain')).toMatchObject({ generation: 1, reason: 'found running and adopted' })
  })

  test('ends nothing that runs; what has to open a file there backs off until it can', async () => {
    const { disk: there, fleet: one } = await besiege({ plain: sleeper, talker })
    await one.up()
    const { pid } = await one.service('plain')
    await there.cover()
    process.kill((await one.service('talker')).pid ?? 0, 'SIGKILL')
    await eventually(async () => expect((await one.service('talker')).restart_count).toBeGreaterThan(0))
    expect((await one.facts('service.restarting', 'talker')).at(-1)?.because).toMatch(/log file can't be opened: EROFS/)
    expect(await one.service('plain')).toMatchObject({ pid, state: 'healthy' })
    await there.uncover()
    await eventually(async () => expect(await one.service('talker')).toMatchObject({ state: 'healthy' }))
  })
})

describe.skipIf(noDisk !== null)('a full disk of logs', () => {
  test('is shown, hurts nobody, and goes', async () => {
    const there = (disk = await smallDisk(size))
    const one = (fleet = siege({ services: { plain: sleeper, talker }, enter: there.enter }))
    mkdirSync(one.stateDir)
    symlinkSync(there.dir, join(one.stateDir, 'logs'))
    const up = await one.up()
    const before = (await one.status()).services
    there.fill()
    const fault = await untilFault(one, 'logs')
    expect(fault.because).toContain(`in ${one.stateDir}/logs is lost: no room is left on its disk; free space there`)
    expect(await one.facts('system.fault')).toMatchObject([{ because: fault.because, data: { what: 'logs' } }])
    // The journal is elsewhere: everything is acknowledged.
    expect(await refusal(one, 'restart', 'plain')).toBeNull()
    expect((await one.service('talker')).pid).toBe(before['talker']?.pid)
    expect(await load(up.pid, 1_000)).toBeLessThan(0.1)
    there.free()
    await untilMended(one)
    expect(await one.facts('system.mended')).toMatchObject([{ data: { what: 'logs' } }])
  })

  test("what up itself prints to a full disk is lost, and that is all: it doesn't end", async () => {
    const { disk: there, fleet: one } = await besiege({ plain: sleeper })
    there.fill()
    const full = openSync('/dev/full', 'w')
    try {
      const up = await one.up({ stdout: full })
      there.free()
      await untilMended(one)
      expect(await refusal(one, 'restart', 'plain')).toBeNull()
      expect(up.child.exitCode).toBeNull()
    } finally {
      closeSync(full)
    }
    expect(existsSync(join(there.path, 'state/supervisor.log'))).toBe(true)
  })
})

test('a reader of up that goes is no end of it, nor one of both its outputs', async () => {
  const one = (fleet = siege({ services: { plain: sleeper } }))
  const up = await one.up()
  up.child.stdout?.destroy()
  up.child.stderr?.destroy()
  for (let i = 0; i < 3; i++) expect(await refusal(one, 'restart', 'plain')).toBeNull()
  expect(up.child.exitCode).toBeNull()
  expect(await one.service('plain')).toMatchObject({ state: 'healthy', generation: 4 })
})
