import { expect, test } from 'vitest'
import { serviceRestart } from '../../src/commands/restart.ts'
import { createGateway } from '../../src/gateway.ts'
import type { Address } from '../../src/protocol/ids.ts'
import { limits } from '../../src/protocol/limits.ts'
import type { ServiceStatus } from '../../src/protocol/service.ts'
import type { ActorStatus, SupervisorStatus } from '../../src/protocol/status.ts'
import type { FleetView, ServiceDetail } from '../../src/protocol/view.ts'

type Listener = (changed: ReadonlySet<Address>) => void

/** Restarts that are over at once, of which only the last few are remembered. */
function world(remembered: number) {
  const names = Array.from({ length: 3 * limits.eventSlice }, (_, index) => `web-${index}`)
  const ended = new Map<Address, ActorStatus>()
  const listeners = new Map<Address, Set<Listener>>()
  const view = {
    supervisor: () => ({ status: 'running' }) as SupervisorStatus,
    serviceNames: () => names,
    service: (name) => (names.includes(name) ? ({ state: 'healthy', pid: 1, reason: null } as ServiceStatus) : undefined),
    serviceDetail: () => ({ op: null, spec: { family: null } }) as unknown as ServiceDetail,
    actor: (address) => ended.get(address),
  } satisfies Partial<FleetView>
  let ids = 0
  const gateway = createGateway({
    registry: new Map([[serviceRestart.name, serviceRestart]]),
    view: view as unknown as FleetView,
    deliver(_, event) {
      const { address } = event as unknown as { readonly address: Address }
      ended.set(address, { state: 'done', live: false, result: { outcome: 'done', because: null } } as ActorStatus)
      if (ended.size > remembered) ended.delete(ended.keys().next().value ?? '')
      queueMicrotask(() => listeners.get(address)?.forEach((listener) => listener(new Set([address]))))
      return true
    },
    listen(addresses, listener) {
      for (const address of addresses) listeners.set(address, (listeners.get(address) ?? new Set()).add(listener))
      return () => addresses.forEach((address) => listeners.get(address)?.delete(listener))
    },
    open: () => () => {},
    clock: () => 0,
    newId: () => String(++ids),
    ticket: () => ({ name: '', ticket: '', expires: '' }),
    requests: { take: () => Promise.reject(new Error('has no id')), resume: () => Promise.resolve(null) },
    starting: () => undefined,
    durable: () => Promise.resolve(),
    fault: () => null,
    accepted() {},
    onDefect(error) {
      throw error
    },
  })
  return { gateway, names, listening: () => [...listeners.values()].reduce((sum, { size }) => sum + size, 0) }
}

test('of a long list the first restarts may be over, and forgotten, before the last is asked for', async () => {
  const { gateway, names, listening } = world(limits.eventSlice)
  const reply = await gateway.invoke({ name: 'me', via: 'test', role: 'admin' }, 'service.restart', { services: names })
  const results = names.map((service) => expect.objectContaining({ service, outcome: 'done' }) as unknown)
  expect(reply).toEqual({ ok: true, output: { results } })
  expect(listening()).toBe(0)
})
