import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createCalendar } from '../../src/actors/calendar.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { CalendarFact, CalendarInput } from '../../src/protocol/schedule.ts'
import { invoke, type Invoked } from '../support/invoked.ts'

/** The wall clock is the simulated time plus whatever somebody set it by. */
const hour = 3_600_000
const origin = Date.parse('2026-01-01T03:00:00Z')
let passed = 0
let offset = 0
let calendar: Invoked<{ type: 'calendar.none' }, CalendarFact>

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  passed = 0
  offset = 0
})
afterEach(() => {
  calendar.stop()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const begin = (
  cron: string,
  { timezone = 'UTC', awaySince = null, from = origin }: { timezone?: string; from?: number } & Partial<CalendarInput> = {},
): void => {
  offset = from - origin
  calendar = invoke(createCalendar({ wall: () => origin + passed + offset }), { schedule: { cron, timezone }, awaySince })
}
/** Time goes by, with each timer that falls due on the way. */
const wait = (ms: number): void => {
  const step = 1_000
  for (let rest = ms; rest > 0; rest -= step) {
    passed += Math.min(step, rest)
    vi.advanceTimersByTime(Math.min(step, rest))
  }
}
/** A machine that sleeps: the wall goes on, timers don't. */
const sleep = (ms: number): void => void (offset += ms)
const told = (): string[] =>
  calendar.facts.map((fact) => ('at' in fact ? `${fact.type} ${fact.at}` : `${fact.type} ${fact.because}`))
const due = (): string[] => calendar.facts.flatMap((fact) => (fact.type === 'calendar.due' ? [fact.at] : []))

test('each time comes once, and the next one is known', () => {
  begin('0 4 * * *')
  wait(hour - 1_000)
  expect(told()).toEqual(['calendar.next 2026-01-01T04:00:00.000Z'])
  wait(2_000)
  expect(told().slice(1)).toEqual(['calendar.due 2026-01-01T04:00:00.000Z', 'calendar.next 2026-01-02T04:00:00.000Z'])
  wait(24 * hour)
  expect(due()).toEqual(['2026-01-01T04:00:00.000Z', '2026-01-02T04:00:00.000Z'])
})

test('no timer is longer than a look, however far the next time is', () => {
  begin('0 4 29 2 *')
  const spy = vi.spyOn(globalThis, 'setTimeout')
  wait(3 * limits.scheduleLook)
  expect(spy.mock.calls.length).toBeGreaterThanOrEqual(3)
  expect(spy.mock.calls.every(([, ms]) => (ms ?? 0) <= limits.scheduleLook)).toBe(true)
  spy.mockRestore()
  expect(told()).toEqual(['calendar.next 2028-02-29T04:00:00.000Z'])
})

test('a clock that is set back repeats no time; set back before it, the time comes as late as the clock says', () => {
  begin('0 4 * * *')
  wait(hour + 1_000)
  expect(due()).toHaveLength(1)
  offset -= hour
  wait(2 * hour)
  expect(due()).toHaveLength(1)
  expect(told().at(-1)).toBe('calendar.next 2026-01-02T04:00:00.000Z')
  offset -= 20 * hour
  wait(23 * hour)
  expect(due()).toHaveLength(1)
  wait(24 * hour)
  expect(due()).toHaveLength(2)
})

test('a clock that was years ahead by mistake is forgotten', () => {
  begin('0 4 * * *', { from: Date.parse('2031-06-01T03:59:00Z') })
  wait(2 * 60_000)
  expect(due()).toEqual(['2031-06-01T04:00:00.000Z'])
  offset = 0
  wait(limits.scheduleLook)
  expect(told().at(-1)).toBe('calendar.next 2026-01-01T04:00:00.000Z')
  wait(hour)
  expect(due().at(-1)).toBe('2026-01-01T04:00:00.000Z')
})

test('a time that was slept through, or that the clock was set past, is skipped and said; one just missed is not', () => {
  begin('0 4 * * *')
  wait(10_000)
  sleep(5 * hour)
  wait(limits.scheduleLook)
  expect(due()).toEqual([])
  expect(told().slice(1)).toEqual([
    expect.stringMatching(/^calendar\.missed 2026-01-01T04:00:00\.000Z was noticed 4 h .*late .*so it is skipped$/),
    'calendar.next 2026-01-02T04:00:00.000Z',
  ])
  // Asleep until some seconds after the next one.
  sleep(Date.parse('2026-01-02T04:00:20Z') - (origin + passed + offset))
  wait(limits.scheduleLook)
  expect(due()).toEqual(['2026-01-02T04:00:00.000Z'])
})

test('what an earlier run could not do is said once, and not done', () => {
  begin('0 4 * * *', { awaySince: origin - 30 * hour })
  expect(told()).toEqual([
    'calendar.missed 2025-12-31T04:00:00.000Z passed while no orchestrator ran, so it is skipped',
    'calendar.next 2026-01-01T04:00:00.000Z',
  ])
  calendar.stop()
  begin('0 4 * * *', { awaySince: origin - hour })
  expect(told()).toEqual(['calendar.next 2026-01-01T04:00:00.000Z'])
})

test('an hour that a zone skips or repeats: once a day all the same', () => {
  begin('30 2 * * *', { timezone: 'Europe/Berlin', from: Date.parse('2026-03-28T23:00:00Z') })
  wait(30 * hour)
  // At 02:30 there is no 02:30: it comes with the first moment after.
  expect(due()).toEqual(['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z'])
  calendar.stop()
  begin('30 2 * * *', { timezone: 'Europe/Berlin', from: Date.parse('2026-10-24T23:00:00Z') - passed })
  wait(30 * hour)
  expect(due()).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'])
})

test('a schedule of seconds fires each time', () => {
  begin('*/5 * * * * *')
  wait(21_000)
  expect(due()).toEqual(['05', '10', '15', '20'].map((second) => `2026-01-01T03:00:${second}.000Z`))
})
