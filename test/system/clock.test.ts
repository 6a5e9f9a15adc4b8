import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { fixture } from '../support/programs.ts'
import { siege, type Siege } from '../support/up.ts'

/** A wall clock that jumps under a whole orchestrator. */

const hour = 3_600_000
const sleeper = { command: '/bin/sleep', args: ['100000'] }
/** Where signed seconds of 32 bits end, and well beyond. */
const end = Date.parse('2038-01-19T03:14:08Z')
const jumps: ReadonlyArray<readonly [string, () => number]> = [
  ['a day ahead', () => 24 * hour],
  ['an hour back', () => -hour],
  ['to the end of 32 bits', () => end - Date.now()],
  ['beyond it', () => end + 400 * 24 * hour - Date.now()],
  ['back to where it was', () => 0],
]

let fleet: Siege | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})

test('jumps of the wall clock change no uptime, no delay and no restart, and nothing is forgotten (supervisord: the five of a clock that went back)', async () => {
  const delay = 1_000
  const one = (fleet = siege({ services: { plain: sleeper, victim: { ...sleeper, restart: { delay: '1s', max_delay: '1s' } } } }))
  const clock = join(one.cwd, 'clock')
  const set = (offset: number): void => {
    writeFileSync(`${clock}.new`, String(Math.round(offset)))
    renameSync(`${clock}.new`, clock)
  }
  set(0)
  const begun = new Date().toISOString()
  const way = { node: ['--import', fixture('clock-jumps.mjs')], env: { CLOCK_FILE: clock } }
  const up = await one.up(way)
  const restart = (): Promise<unknown> =>
    one.ask((client) => client.call('service.restart', { services: ['plain'], request_id: 'asked-once' }))
  await restart()
  const first = await one.status()
  const since = performance.now()
  let restarts = 0
  let known = 0

  for (const [what, offset] of jumps) {
    // It jumps while the victim waits for its next start.
    const { pid } = await one.service('victim')
    const killed = performance.now()
    process.kill(pid ?? 0, 'SIGKILL')
    await eventually(async () => expect((await one.service('victim')).state, what).toBe('backingOff'))
    set(offset())
    await eventually(async () => expect((await one.service('victim')).state, what).toBe('healthy'))
    const waited = performance.now() - killed
    expect(waited, what).toBeGreaterThanOrEqual(delay)
    restarts++

    const { supervisor, services } = await one.status()
    const passed = (performance.now() - since) / 1_000
    for (const [now, before] of [
      [supervisor.uptime, first.supervisor.uptime],
      [services['plain']?.uptime ?? -1, first.services['plain']?.uptime ?? 0],
    ] as const) {
      expect(now - before, what).toBeGreaterThanOrEqual(Math.floor(passed) - 1)
      expect(now - before, what).toBeLessThanOrEqual(Math.ceil(passed) + 1)
    }
    expect(services['victim']?.uptime, what).toBeGreaterThanOrEqual(0)
    // Hours, if it went by the wall clock.
    expect(services['victim']?.uptime, what).toBeLessThan(600)
    expect(services['plain'], what).toMatchObject({ pid: first.services['plain']?.pid, restart_count: 1, generation: 2 })
    expect(services['victim']?.restart_count, what).toBe(restarts)

    // What was asked for is remembered, and what happened, whatever its time says.
    await restart()
    expect((await one.service('plain')).generation, what).toBe(2)
    const { events } = await one.ask((client) => client.call('events.read', { limit: 10_000 }))
    expect(events[0], what).toMatchObject({ seq: 1, type: 'system.starting' })
    expect(
      events.map(({ seq }) => seq),
      what,
    ).toEqual(events.map((_, i) => i + 1))
    expect(events.length, what).toBeGreaterThan(known)
    known = events.length
  }

  const from = (when: string) => one.ask((client) => client.call('events.read', { since: when, limit: 10_000 }))
  const ahead = (await from(new Date(end).toISOString())).events
  expect(ahead.map(({ type }) => type)).toContain('service.spawned')
  expect(ahead.every(({ time }) => Date.parse(time) >= end)).toBe(true)
  // All but what was stated in the hour before.
  expect((await from(begun)).events.length).toBeGreaterThan(ahead.length)

  // A start far ahead finds the fleet as it was.
  await one.kill(up)
  set(end - Date.now())
  await one.up(way)
  const { services } = await one.status()
  expect(services['plain']).toMatchObject({
    pid: first.services['plain']?.pid,
    generation: 2,
    reason: 'found running and adopted',
  })
  await restart()
  expect((await one.service('plain')).generation).toBe(2)
  expect((await one.facts('system.starting')).map(({ seq }) => seq)[0]).toBe(1)
  expect((await one.service('plain')).uptime).toBeGreaterThan(0)
})
