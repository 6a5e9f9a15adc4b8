import * as z from 'zod'
import { asked, mutation, query, type Plan } from '../protocol/command.ts'
import { addressOf } from '../protocol/ids.ts'
import type { GroupStatus } from '../protocol/group.ts'
import type { ServiceStatus } from '../protocol/service.ts'
import { fleetStatus } from '../protocol/status.ts'
import type { FleetView } from '../protocol/view.ts'
import { knownServices } from './names.ts'

export const systemStatus = query({
  name: 'system.status',
  summary: 'The supervisor, its services and its listeners.',
  permission: 'fleet.read',
  errors: ['not_found'],
  input: z.strictObject({ services: z.array(z.string()).optional().describe('only these; without it, all') }),
  output: fleetStatus,
  async read(view, { services }) {
    const names = services === undefined ? view.serviceNames() : knownServices(view, services)
    await view.measure(names)
    const shown: Record<string, ServiceStatus> = Object.create(null) as Record<string, ServiceStatus>
    for (const name of names) {
      const status = view.service(name)
      if (status !== undefined) shown[name] = status
    }
    return { supervisor: view.supervisor(), services: shown, groups: shownGroups(view, names), listeners: [...view.listeners()] }
  },
})

/** Those that have a member among these. */
function shownGroups(view: FleetView, services: readonly string[]): Record<string, GroupStatus> {
  const shown: Record<string, GroupStatus> = Object.create(null) as Record<string, GroupStatus>
  const among = new Set(services)
  for (const { name, ...status } of view.groups()) if (status.members.some((member) => among.has(member))) shown[name] = status
  return shown
}

/**
 * Layers for a stop: whoever depends on something stands in an earlier layer than what it depends on.
 * Each service stands as early as its dependants allow.
 */
export function stopLayers(names: readonly string[], dependenciesOf: (name: string) => readonly string[]): string[][] {
  const depth = new Map<string, number>(names.map((name) => [name, 0]))
  const dependants = new Map<string, number>(names.map((name) => [name, 0]))
  for (const name of names) for (const other of dependenciesOf(name)) dependants.set(other, (dependants.get(other) ?? 0) + 1)
  const ready = names.filter((name) => dependants.get(name) === 0)
  const layers: string[][] = []
  for (let name = ready.shift(); name !== undefined; name = ready.shift()) {
    const layer = depth.get(name) ?? 0
    ;(layers[layer] ??= []).push(name)
    for (const other of dependenciesOf(name)) {
      if (!depth.has(other)) continue
      depth.set(other, Math.max(depth.get(other) ?? 0, layer + 1))
      const left = (dependants.get(other) ?? 1) - 1
      dependants.set(other, left)
      if (left === 0) ready.push(other)
    }
  }
  return layers
}

interface End {
  readonly mode: 'stop' | 'leave'
  readonly layers: ReadonlyArray<readonly string[]>
  readonly by: string
}

/** The end of the orchestrator; a second request for it joins the first. */
function planEnd<T>(view: FleetView, input: End, answer: T): Plan<T> {
  const address = addressOf('shutdown', 'fleet')
  const begun = view.actor(address) !== undefined
  return {
    tell: begun ? [] : [{ to: 'shutdowns', event: { type: 'pool.spawn', address, input } }],
    watch: [address],
    settled: (now) => (now.actor(address)?.phase === 'reaped' ? answer : undefined),
    accepted: () => answer,
  }
}

export const systemShutdown = mutation({
  name: 'system.shutdown',
  summary: 'Stops every service, dependants first, then the orchestrator itself.',
  permission: 'system.control',
  errors: ['timeout'],
  deadline: 10 * 60_000,
  idempotent: true,
  whileStopping: true,
  input: z.strictObject(asked),
  output: z.object({ pid: z.number().int(), stopped: z.array(z.string()) }),
  plan(view, _input, { principal }) {
    const names = view.serviceNames()
    const layers = stopLayers(names, (name) => view.serviceDetail(name)?.spec.dependsOn.map(({ service }) => service) ?? [])
    const answer = { pid: view.supervisor().pid, stopped: [...names] }
    return planEnd(view, { mode: 'stop', layers, by: principal.name }, answer)
  },
})

export const systemLeave = mutation({
  name: 'system.leave',
  summary: 'Ends the orchestrator and leaves its services running; the next one adopts them.',
  permission: 'system.control',
  errors: ['timeout', 'shutting_down'],
  deadline: 30_000,
  idempotent: true,
  // A full disk must not keep the orchestrator from being replaced.
  unrecorded: true,
  input: z.strictObject(asked),
  output: z.object({ pid: z.number().int(), left: z.array(z.string()).describe('the services that run on') }),
  plan(view, _input, { principal }) {
    const names = view.serviceNames()
    const answer = { pid: view.supervisor().pid, left: names.filter((name) => view.service(name)?.pid != null) }
    return planEnd(view, { mode: 'leave', layers: [names], by: principal.name }, answer)
  },
})
