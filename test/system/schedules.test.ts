import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { fixture } from '../support/programs.ts'
import { siege, type Siege } from '../support/up.ts'

/** Restarts by the calendar, with a wall clock that is set. */

const hour = 3_600_000
const sleeper = { command: '/bin/sleep', args: ['1000'] }
const often = '*/2 * * * * *'
let fleet: Siege | undefined
afterEach(async () => {
  await fleet?.end()
  fleet = undefined
})

test('what runs is restarted in time and what is stopped stays so; another schedule disturbs nothing; a missed time is skipped', async () => {
  const daily = (schedule: string) => ({ ...sleeper, restart: { schedule, timezone: 'UTC' } })
  const ticker = { ...sleeper, restart: { schedule: often } }
  const one = (fleet = siege({ services: { ticker, daily: daily('0 4 * * *') } }))
  const clock = join(one.cwd, 'clock')
  const set = (to: number): void => {
    writeFileSync(`${clock}.new`, String(to - Date.now()))
    renameSync(`${clock}.new`, clock)
  }
  const day = Date.parse('2031-03-01T00:00:00Z')
  set(day + 2 * hour)
  const way = { node: ['--import', fixture('clock-jumps.mjs')], env: { CLOCK_FILE: clock } }
  const first = await one.up(way)
  const before = await one.service('daily')
  expect(before.next_restart).toBe('2031-03-01T04:00:00.000Z')

  await eventually(async () => expect((await one.service('ticker')).restart_count).toBeGreaterThanOrEqual(2))
  const exits = await one.facts('service.exited', 'ticker')
  expect(exits.every(({ data }) => data['planned'] === true)).toBe(true)
  expect(await one.facts('service.gaveUp')).toEqual([])
  expect((await one.service('ticker')).reason).toBe(`restarted by schedule (${often})`)
  const asked = (await one.facts('command.accepted', 'ticker')).map(({ because, by }) => ({ because, by }))
  expect(asked[0]).toEqual({ because: 'service.restart', by: `schedule (${often})` })

  await one.ask((client) => client.call('service.stop', { services: ['ticker'] }))
  await eventually(async () => {
    const actor = await one.ask((client) => client.call('actor.get', { address: 'schedule.ticker' }))
    expect(actor).toMatchObject({ reason: 'skipped: it is stopped, and a schedule starts nothing', state: 'kept.waiting' })
  })
  expect(await one.service('ticker')).toMatchObject({ status: 'stopped', pid: null })

  const config = JSON.parse(readFileSync(join(one.cwd, 'hyphae.yaml'), 'utf8')) as { supervisor: { services: object } }
  config.supervisor.services = { ticker: sleeper, daily: daily('0 5 * * *') }
  writeFileSync(join(one.cwd, 'hyphae.yaml'), JSON.stringify(config))
  expect(await one.ask((client) => client.call('system.reload'))).toMatchObject({
    changes: expect.arrayContaining([{ service: 'daily', change: 'changed', fields: ['schedule'] }]) as unknown,
  })
  await eventually(async () => {
    expect(await one.service('daily')).toMatchObject({ next_restart: '2031-03-01T05:00:00.000Z' })
    expect(await one.service('ticker')).toMatchObject({ next_restart: null, status: 'stopped' })
  })
  const { pid, generation } = before
  expect(await one.service('daily')).toMatchObject({ pid, generation, restart_count: 0 })

  // Nobody is there at 05:00.
  await one.kill(first)
  set(day + 8 * hour)
  await one.up(way)
  await eventually(async () => expect(await one.facts('schedule.missed', 'daily')).toHaveLength(1))
  expect((await one.facts('schedule.missed', 'daily'))[0]?.because).toBe(
    '2031-03-01T05:00:00.000Z passed while no orchestrator ran, so it is skipped',
  )
  expect(await one.service('daily')).toMatchObject({ pid, restart_count: 0, next_restart: '2031-03-02T05:00:00.000Z' })
})
