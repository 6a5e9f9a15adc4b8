import { expect, test } from 'vitest'
import { knownServices } from '../../src/commands/names.ts'
import type { GroupStatus } from '../../src/protocol/group.ts'
import type { FleetView, ServiceDetail } from '../../src/protocol/view.ts'
import type { ServiceStatus } from '../../src/protocol/service.ts'

/** 50 services with two instances each, half of them in a group. */
function fleet() {
  const names = Array.from({ length: 50 }, (_, index) => [`web${index}-1`, `web${index}-2`]).flat()
  let looks = 0
  const view = {
    serviceNames: () => names,
    leftOut: () => undefined,
    service: (name) => (names.includes(name) ? ({} as ServiceStatus) : undefined),
    serviceDetail(name) {
      looks++
      return { spec: { family: name.replace(/-.$/, '') } } as ServiceDetail
    },
    groups: () => [{ name: 'half', members: names.slice(0, 50) } as unknown as GroupStatus & { name: string }],
  } satisfies Partial<FleetView>
  return { view: view as unknown as FleetView, names, looks: () => looks }
}

test('names of services, instances and groups mean each service once', () => {
  const { view, names } = fleet()
  expect(knownServices(view, ['web3-2'])).toEqual(['web3-2'])
  expect(knownServices(view, ['web3', 'web3-2', 'web4-1'])).toEqual(['web3-1', 'web3-2', 'web4-1'])
  expect(knownServices(view, ['half'])).toEqual(names.slice(0, 50))
  expect(() => knownServices(view, ['hafl'])).toThrow('there is no service "hafl"; did you mean "half"?')
  expect(() => knownServices(view, ['wbe3'])).toThrow('there is no service "wbe3"; did you mean "web3"?')
})

test('however many names there are, all services are looked through once', () => {
  const { view, names, looks } = fleet()
  const families = Array.from({ length: 50 }, (_, index) => `web${index}`)
  expect(knownServices(view, families)).toEqual(names)
  expect(looks()).toBe(100)
})
