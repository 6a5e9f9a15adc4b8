import { createActor } from 'xstate'
import { beforeEach, expect, test } from 'vitest'
import { scheduleMachine } from '../../src/machines/schedule.ts'
import type { Statement } from '../../src/protocol/facts.ts'
import type { CalendarInput, OrderInput } from '../../src/protocol/schedule.ts'
import { fake, type Fake } from '../support/fake.ts'

type Nothing<T extends string> = { readonly type: T }
let calendar: Fake<Nothing<'calendar.none'>, CalendarInput>
let order: Fake<Nothing<'order.none'>, OrderInput>
let facts: Statement[]

beforeEach(() => {
  calendar = fake()
  order = fake()
  facts = []
})

const daily = { cron: '0 4 * * *', timezone: 'UTC' }
const [first, second] = ['2026-01-01T04:00:00.000Z', '2026-01-02T04:00:00.000Z']

function schedule() {
  const machine = scheduleMachine.provide({
    actors: { calendar: calendar.logic, order: order.logic },
    actions: { state: (_, statement) => void facts.push(statement) },
  })
  return createActor(machine, { input: { service: 'web', schedule: daily, awaySince: 7 } }).start()
}

test('it waits for the next time, orders one restart, and waits again', () => {
  const actor = schedule()
  expect(calendar.inputs).toEqual([{ schedule: daily, awaySince: 7 }])
  expect(actor.getSnapshot().value).toEqual({ kept: 'planning' })
  calendar.emit({ type: 'calendar.next', at: first })
  expect(actor.getSnapshot()).toMatchObject({ value: { kept: 'waiting' }, context: { nextAt: first, address: 'schedule.web' } })
  calendar.emit({ type: 'calendar.due', at: first })
  calendar.emit({ type: 'calendar.next', at: second })
  expect(actor.getSnapshot()).toMatchObject({ value: { kept: 'ordering' }, context: { nextAt: second } })
  expect(order.inputs).toEqual([{ service: 'web', schedule: daily }])
  order.emit({ type: 'order.answered', because: 'restarted' })
  expect(actor.getSnapshot()).toMatchObject({ value: { kept: 'waiting' }, context: { because: 'restarted' } })
  expect([order.alive, calendar.alive, facts]).toEqual([0, 1, []])
})

test('due again while the restart is under way, it orders no second one', () => {
  const actor = schedule()
  calendar.emit({ type: 'calendar.next', at: first })
  calendar.emit({ type: 'calendar.due', at: first })
  calendar.emit({ type: 'calendar.due', at: second })
  expect(order.inputs).toHaveLength(1)
  expect(actor.getSnapshot().context.because).toContain('one restart is enough')
})

test('what was missed is said of the service, and nothing is ordered', () => {
  schedule()
  calendar.emit({ type: 'calendar.missed', because: 'it was asleep' })
  expect(facts).toEqual([{ type: 'schedule.missed', about: 'service.web', because: 'it was asleep', by: 'schedule (0 4 * * *)' }])
  expect(order.inputs).toEqual([])
})

test('another schedule begins anew, also while a restart is under way; not wanted any more, it ends', () => {
  const actor = schedule()
  calendar.emit({ type: 'calendar.next', at: first })
  calendar.emit({ type: 'calendar.due', at: first })
  const hourly = { cron: '0 * * * *', timezone: null }
  actor.send({ type: 'RESCHEDULE', schedule: hourly })
  expect(actor.getSnapshot()).toMatchObject({ value: { kept: 'planning' }, context: { nextAt: null } })
  expect(calendar.inputs.at(-1)).toEqual({ schedule: hourly, awaySince: null })
  expect(calendar.alive).toBe(1)
  actor.send({ type: 'END' })
  expect(actor.getSnapshot()).toMatchObject({ value: 'ended', status: 'done' })
  expect([calendar.alive, order.alive]).toEqual([0, 0])
})
