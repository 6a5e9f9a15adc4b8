import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createDirectory } from '../src/directory.ts'
import type { Gateway } from '../src/protocol/calls.ts'
import { limits } from '../src/protocol/limits.ts'
import type { OrderAnswered, OrderInput } from '../src/protocol/schedule.ts'
import type { ServiceStatus } from '../src/protocol/service.ts'
import type { FleetView } from '../src/protocol/view.ts'
import { createSchedules } from '../src/schedules.ts'
import { eventually } from './support/eventually.ts'
import { invoke } from './support/invoked.ts'

test('restarts of thousands that are due at the same moment are begun in slices', async () => {
  let begun = 0
  const status = { desired: 'run', phase: 'active', status: 'running', pid: 1 } as ServiceStatus
  const { ports } = createSchedules({
    directory: createDirectory(),
    view: () => ({ service: () => status, supervisor: () => ({ lockdown: null }) }) as unknown as FleetView,
    state() {},
    gateway: () =>
      ({
        invoke: async () => {
          begun++
          return { ok: true, output: {} }
        },
      }) as unknown as Gateway,
    deliver: () => true,
    spawn() {},
  })
  const count = 3 * limits.eventSlice
  const schedule = { cron: '0 4 * * *', timezone: null }
  const orders = Array.from({ length: count }, (_, index) =>
    invoke<{ type: 'order.none' }, OrderAnswered, OrderInput>(ports.order, { service: `web-${index}`, schedule }),
  )
  let busiest = 0
  let before = 0
  for (let round = 0; round < count; round++) {
    await turn()
    busiest = Math.max(busiest, begun - before)
    before = begun
  }
  expect(begun).toBe(count)
  expect(busiest).toBeLessThanOrEqual(limits.eventSlice)
  await eventually(() => expect(orders.map(({ facts }) => facts[0]?.because)).toEqual(orders.map(() => 'restarted')))
  for (const order of orders) order.stop()
})
