import * as z from 'zod'
import { asked, mutation, query } from '../protocol/command.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { fact } from '../protocol/facts.ts'
import { groupStatus } from '../protocol/group.ts'
import { addressOf } from '../protocol/ids.ts'
import { serviceStatus } from '../protocol/service.ts'
import type { FleetView } from '../protocol/view.ts'
import { knownService, knownServices, oneService, someServices } from './names.ts'
import { createTally } from './tally.ts'
import { accepted, conclude, deadline, resultOf, results, type Result } from './results.ts'

const input = z.strictObject({
  services: someServices,
  ...asked,
})

const addresses = (services: readonly string[]) => services.map((service) => addressOf('service', service))
const addressLists = (services: readonly string[]) => services.map((service) => [addressOf('service', service)])

/** The services and all that they need, dependencies first; only those that are not already on their way. */
function withDependencies(view: FleetView, services: readonly string[]): string[] {
  const seen = new Set<string>()
  const visit = (name: string): void => {
    if (seen.has(name)) return
    for (const { service } of view.serviceDetail(name)?.spec.dependsOn ?? []) {
      const status = view.service(service)
      // A one-shot that completed has done what it was needed for; running it again is for whoever names it.
      if (status !== undefined && status.phase === 'reaped' && status.state !== 'completed') visit(service)
    }
    seen.add(name)
  }
  services.forEach(visit)
  return [...seen]
}

/** How a start stands: settled, failed or (undefined) under way. */
function startOutcome(view: FleetView, service: string): Result | undefined {
  const status = view.service(service)
  const detail = view.serviceDetail(service)
  if (status === undefined || detail === undefined) return resultOf(view, service, 'cancelled')
  const up = status.state === 'healthy' || status.state === 'unhealthy'
  const ready = detail.readyGeneration >= detail.generation
  if (status.state === 'completed' || (up && ready)) return resultOf(view, service, 'done')
  if (status.desired === 'stop') return resultOf(view, service, 'cancelled')
  // Also stopped by itself: it ended before it was ready, and its policy leaves it there. Or nothing can start it.
  const over = status.phase === 'reaped' || status.state === 'backingOff' || detail.blocked
  return over ? resultOf(view, service, 'failed') : undefined
}

/** How a stop stands. One that left the config meanwhile is not there any more. */
function stopOutcome(view: FleetView, service: string): 'done' | 'cancelled' | undefined {
  const status = view.service(service)
  if (status === undefined || status.phase === 'reaped') return 'done'
  return status.desired === 'run' ? 'cancelled' : undefined
}

export const serviceStart = mutation({
  name: 'service.start',
  summary: 'Starts services and what they depend on; answers when they are ready.',
  permission: 'service.control',
  errors: ['not_found', 'failed', 'timeout'],
  deadline,
  idempotent: true,
  input,
  output: results,
  plan(view, { services }, context) {
    const names = knownServices(view, services)
    const needed = withDependencies(view, names)
    const tally = createTally(addressLists(names), (index) => startOutcome(view, names[index] ?? ''))
    return {
      tell: needed.map((name) => ({
        to: addressOf('service', name),
        event: { type: 'START', by: context.principal.name, request: context.request, at: context.now },
      })),
      watch: addresses(needed),
      settled(_, changed) {
        const outcomes = tally.look(changed)
        return outcomes === undefined ? undefined : conclude('started', outcomes)
      },
      accepted: accepted(names),
    }
  },
})

export const serviceStop = mutation({
  name: 'service.stop',
  summary: 'Stops services; answers when nothing of them is left.',
  permission: 'service.control',
  errors: ['not_found', 'failed', 'timeout'],
  deadline,
  idempotent: true,
  whileStopping: true,
  input,
  output: results,
  plan(view, { services }, context) {
    const names = knownServices(view, services)
    const tally = createTally(addressLists(names), (index) => stopOutcome(view, names[index] ?? ''))
    return {
      tell: names.map((name) => ({
        to: addressOf('service', name),
        event: { type: 'STOP', by: context.principal.name, request: context.request, at: context.now },
      })),
      watch: addresses(names),
      settled(_, changed) {
        const outcomes = tally.look(changed)
        if (outcomes === undefined) return undefined
        return conclude(
          'stopped',
          names.map((name, index) => resultOf(view, name, outcomes[index] ?? 'done')),
        )
      },
      accepted: accepted(names),
    }
  },
})

export const serviceExplain = query({
  name: 'service.explain',
  summary: 'Why a service is in the state it is in: its history with reasons, its policy, what it waits for.',
  permission: 'fleet.read',
  errors: ['not_found'],
  input: z.strictObject({ service: oneService }),
  output: z.object({
    service: z.string(),
    status: serviceStatus,
    last_exit: z.string().nullable(),
    restarts_in_window: z.number().int(),
    pending_change: z.boolean().describe('its config changed and takes effect with the next start'),
    overridden: z.array(z.string()).describe('what was changed by hand since the config was read: args, env.NAME'),
    operation: z.object({ id: z.string(), by: z.string() }).nullable(),
    dependencies: z.array(z.object({ service: z.string(), condition: z.string(), state: z.string(), met: z.boolean() })),
    dependants: z.array(z.string()),
    group: groupStatus.extend({ name: z.string() }).nullable().describe('the group that it is in'),
    spec: z.record(z.string(), z.unknown()).describe('what it was asked to be; values of its environment are left out'),
    history: z.array(fact),
  }),
  async read(view, { service }) {
    knownService(view, service)
    await view.measure([service])
    const status = view.service(service)
    const detail = view.serviceDetail(service)
    if (status === undefined || detail === undefined) throw new HyphaeError('not_found', `there is no service "${service}"`)
    const { env, ...spec } = detail.spec
    return {
      service,
      status,
      last_exit: detail.lastExit,
      restarts_in_window: detail.restartsInWindow,
      pending_change: detail.pendingSpec,
      overridden: [...detail.overridden],
      operation: detail.op,
      dependencies: detail.spec.dependsOn.map((dependency) => ({
        service: dependency.service,
        condition: dependency.condition,
        state: view.service(dependency.service)?.state ?? 'unknown',
        met: view.dependencyMet(dependency.service, dependency.condition),
      })),
      dependants: view
        .serviceNames()
        .filter((name) => view.serviceDetail(name)?.spec.dependsOn.some((dependency) => dependency.service === service)),
      group: view.groups().find(({ members }) => members.includes(service)) ?? null,
      spec: { ...spec, env: Object.keys(env) },
      history: [...view.history(service)],
    }
  },
})
