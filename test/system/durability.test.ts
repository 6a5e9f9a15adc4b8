import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { markedProcesses } from '../../src/actors/scan.ts'
import type { Principal } from '../../src/protocol/principal.ts'
import type { Reply } from '../../src/protocol/reply.ts'
import { stateIdOf } from '../../src/state-dir.ts'
import { eventually } from '../support/eventually.ts'
import { startFleet, type Fleet } from '../support/fleet.ts'
import { chance } from '../support/chance.ts'
import { lossyJournal } from '../support/lossy-journal.ts'
import { specOf } from '../support/specs.ts'

const admin: Principal = { name: 'test', via: 'test', role: 'admin' }
const names = ['a', 'b', 'c']
const sleepers = names.map((name) => specOf({ name, command: '/bin/sleep', args: ['1000'] }))

let stateDir = ''
let fleet: Fleet | undefined
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'hyphae-power-'))
})
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
  rmSync(stateDir, { recursive: true, force: true })
})

/** The machine goes off: every process with it, and what the disk had not got. */
async function off(running: Fleet, disk: ReturnType<typeof lossyJournal>): Promise<void> {
  disk.powerLoss()
  await running.leave()
  await eventually(async () => {
    const rest = await markedProcesses(stateIdOf(stateDir))
    for (const { pid } of rest) process.kill(pid, 'SIGKILL')
    expect(rest).toEqual([])
  })
}

describe('an acknowledgement is on the disk before it is given', () => {
  test.each(['service.start', 'service.stop', 'service.restart'] as const)('%s, as soon as it is accepted', async (command) => {
    const disk = lossyJournal()
    fleet = await startFleet(sleepers, { stateDir, openJournal: disk.open })
    await fleet.until('a', 'healthy')
    if (command === 'service.start') await fleet.call('service.stop', { services: ['a'] })
    const before = fleet.status('a').generation
    await fleet.call(command, { services: ['a'], wait: false })
    await off(fleet, disk)
    fleet = await startFleet(sleepers, { stateDir })
    const { desired, generation } = fleet.status('a')
    expect({ desired, generation }).toEqual({
      desired: command === 'service.stop' ? 'stop' : 'run',
      generation: command === 'service.stop' ? before : before + 1,
    })
  })

  test('an event that was sent', async () => {
    const disk = lossyJournal()
    fleet = await startFleet(sleepers, { stateDir, openJournal: disk.open })
    await fleet.until('a', 'healthy')
    await fleet.call('actor.send', { to: 'service.a', event: { type: 'STOP' } })
    await off(fleet, disk)
    fleet = await startFleet(sleepers, { stateDir })
    expect(fleet.status('a').desired).toBe('stop')
  })

  test('the end of a one-shot that was waited for', async () => {
    const once = specOf({ name: 'once', command: '/bin/true', oneShot: true, autostart: false })
    const disk = lossyJournal()
    fleet = await startFleet([once], { stateDir, openJournal: disk.open })
    await fleet.call('service.start', { services: ['once'] })
    await off(fleet, disk)
    fleet = await startFleet([once], { stateDir })
    expect(fleet.status('once')).toMatchObject({ state: 'completed', generation: 1 })
  })

  test('a query waits for no disk', async () => {
    const disk = lossyJournal()
    fleet = await startFleet(sleepers, { stateDir, openJournal: disk.open })
    await fleet.until('a', 'healthy')
    const { syncs } = disk
    await fleet.call('system.status', {})
    await fleet.call('service.explain', { service: 'a' })
    await fleet.call('actor.list', {})
    expect(disk.syncs).toBe(syncs)
  })

  // Commands in random order and number, and the power goes while some of them are under way.
  test.each([1, 2, 3, 4, 5])('nothing acknowledged is lost, seed %i', async (seed) => {
    const random = chance(seed)
    const disk = lossyJournal()
    fleet = await startFleet(sleepers, { stateDir, openJournal: disk.open })
    const running = fleet
    for (const name of names) await fleet.until(name, 'healthy')
    const asked = new Map(names.map((name) => [name, { last: 'run', generation: fleet?.status(name).generation ?? 0 }]))
    const driven = names.map(async (name) => {
      for (let n = 0; n < 3 + random() * 12; n++) {
        const command =
          (['service.start', 'service.stop', 'service.restart'] as const)[Math.floor(random() * 3)] ?? 'service.stop'
        const reply = await running.orchestrator.gateway.invoke(admin, command, { services: [name], wait: random() < 0.3 })
        if (reply.ok)
          asked.set(name, { last: command === 'service.stop' ? 'stop' : 'run', generation: running.status(name).generation })
      }
    })
    // The first to be done takes the power away from the others.
    await Promise.race(driven)
    const acknowledged = new Map(asked)
    await off(fleet, disk)
    fleet = await startFleet(sleepers, { stateDir })
    for (const [name, { generation, last }] of acknowledged) {
      const now = fleet.status(name)
      expect(now.generation, name).toBeGreaterThanOrEqual(generation)
      // What was under way may have got through as well.
      expect(now.generation, name).toBeLessThanOrEqual(generation + 1)
      expect(now.generation === generation ? [last, 'stop'] : ['run', 'stop'], name).toContain(now.desired)
    }
  })
})

describe('a request id', () => {
  const restart = { services: ['a'], request_id: 'deploy-7' }
  const ask = (input: object, command: 'service.restart' | 'service.stop' = 'service.restart'): Promise<Reply> => {
    if (fleet === undefined) throw new Error('there is no fleet')
    return fleet.orchestrator.gateway.invoke(admin, command, input)
  }

  test('asked again at once, it is the same request', async () => {
    fleet = await startFleet(sleepers, { stateDir })
    await fleet.until('a', 'healthy')
    const replies = await Promise.all([ask(restart), ask(restart), ask(restart)])
    expect(replies[0]).toMatchObject({ ok: true })
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1)
    expect(await ask(restart)).toEqual(replies[0])
    expect(fleet.status('a').generation).toBe(2)
  })

  test('asked again in the next run of the orchestrator, it is answered and not done again', async () => {
    fleet = await startFleet(sleepers, { stateDir })
    await fleet.until('a', 'healthy')
    const first = await ask(restart)
    const { pid } = fleet.status('a')
    await fleet.leave()
    fleet = await startFleet(sleepers, { stateDir })
    expect(await ask(restart)).toEqual(first)
    expect(fleet.status('a')).toMatchObject({ generation: 2, pid })
  })

  test('used for something else, it is refused by name', async () => {
    fleet = await startFleet(sleepers, { stateDir })
    await fleet.until('a', 'healthy')
    await ask(restart)
    const other = await ask({ ...restart, services: ['b'] })
    expect(other).toMatchObject({
      ok: false,
      error: {
        code: 'invalid_params',
        message: expect.stringContaining('"deploy-7" was used') as string,
        data: { field: 'request_id' },
      },
    })
    expect(await ask(restart, 'service.stop')).toMatchObject({ ok: false, error: { code: 'invalid_params' } })
  })

  test.each(['', ' ', 'two words', 'é', 'x'.repeat(129), 7])('%j is none', async (id) => {
    fleet = await startFleet(sleepers, { stateDir })
    expect(await ask({ ...restart, request_id: id })).toMatchObject({ ok: false, error: { data: { field: 'request_id' } } })
  })

  test('what was wrong with it leaves the id free', async () => {
    fleet = await startFleet(sleepers, { stateDir })
    await fleet.until('a', 'healthy')
    expect(await ask({ ...restart, services: ['nobody'] })).toMatchObject({ ok: false, error: { code: 'not_found' } })
    expect(await ask(restart)).toMatchObject({ ok: true })
  })

  test('a failure is remembered like a success', async () => {
    const broken = specOf({ name: 'a', command: '/no/such/program', autostart: false })
    fleet = await startFleet([broken], { stateDir })
    const first = await ask(restart)
    expect(first).toMatchObject({ ok: false, error: { code: 'failed' } })
    expect(await ask(restart)).toEqual(first)
    expect(fleet.status('a').generation).toBe(1)
  })

  test('a crash between the disk and the deed: it is carried out at the next start, once (Nomad: TaskRunner_Restore_Kill)', async () => {
    // As it stands on the disk when the id has been written and nobody has been told yet.
    const disk = lossyJournal()
    fleet = await startFleet(sleepers, { stateDir, openJournal: disk.open })
    await fleet.until('a', 'healthy')
    const { gateway } = fleet.orchestrator
    const { pid } = fleet.status('a')
    const cut = disk.cutAfterNextSync()
    void gateway.invoke(admin, 'service.restart', restart)
    await cut
    await fleet.leave()
    fleet = await startFleet(sleepers, { stateDir })
    expect(await ask(restart)).toMatchObject({ ok: true })
    await fleet.until('a', 'healthy')
    expect(fleet.status('a')).toMatchObject({ generation: 2 })
    expect(fleet.status('a').pid).not.toBe(pid)
  })
})
