import * as z from 'zod'
import { asked, mutation, query, type Plan, type PlanContext } from '../protocol/command.ts'
import { HyphaeError } from '../protocol/errors.ts'
import { fact } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { WorkflowResult } from '../protocol/restart.ts'
import { serviceStatus } from '../protocol/service.ts'
import type { ActorStatus } from '../protocol/status.ts'
import type { FleetView } from '../protocol/view.ts'
import { knownService, knownServices, someServices } from './names.ts'

const input = z.strictObject({
  services: someServices,
  ...asked,
})

const result = z.object({
  service: z.string(),
  outcome: z.enum(['done', 'accepted', 'failed', 'busy', 'cancelled']),
  state: z.string(),
  pid: z.number().int().nullable(),
  because: z.string().nullable(),
  workflow: z.string().nullable().describe('address of the workflow that did it'),
})
type Result = z.infer<typeof result>
const output = z.object({ results: z.array(result) })

/** Enough for a start timeout of the default length and a stop before it. */
const deadline = 120_000

function resultOf(view: FleetView, service: string, outcome: Result['outcome'], workflow: string | null = null): Result {
  const status = view.service(service)
  return {
    service,
    outcome,
    workflow,
    state: status?.state ?? 'removed',
    pid: status?.pid ?? null,
    because: status?.reason ?? null,
  }
}

/** All of them, or an error that carries each result. */
function conclude(verb: string, results: readonly Result[]): { results: Result[] } {
  const bad = results.filter(({ outcome }) => outcome !== 'done' && outcome !== 'accepted')
  if (bad.length === 0) return { results: [...results] }
  const busy = bad.every(({ outcome }) => outcome === 'busy')
  const message = bad.map(({ service, outcome, because }) => `${service} was not ${verb}: ${because ?? outcome}`).join('; ')
  throw new HyphaeError(busy ? 'busy' : 'failed', message, { results })
}

const accepted = (services: readonly string[]) => (view: FleetView) => ({
  results: services.map((service) => resultOf(view, service, 'accepted')),
})

const addresses = (services: readonly string[]) => services.map((service) => addressOf('service', service))

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

export const serviceStart = mutation({
  name: 'service.start',
  summary: 'Starts services and what they depend on; answers when they are ready.',
  permission: 'service.control',
  errors: ['not_found', 'failed', 'timeout'],
  deadline,
  idempotent: true,
  input,
  output,
  plan(view, { services }, context) {
    const names = knownServices(view, services)
    const needed = withDependencies(view, names)
    return {
      tell: needed.map((name) => ({
        to: addressOf('service', name),
        event: { type: 'START', by: context.principal.name, request: context.request, at: context.now },
      })),
      watch: addresses(needed),
      settled(now) {
        const results = names.map((name) => startOutcome(now, name))
        return results.every((one) => one !== undefined) ? conclude('started', results) : undefined
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
  output,
  plan(view, { services }, context) {
    const names = knownServices(view, services)
    return {
      tell: names.map((name) => ({
        to: addressOf('service', name),
        event: { type: 'STOP', by: context.principal.name, request: context.request, at: context.now },
      })),
      watch: addresses(names),
      settled(now) {
        // One that left the config meanwhile is not there any more.
        const resting = names.every((name) => (now.service(name)?.phase ?? 'reaped') === 'reaped')
        if (resting) return { results: names.map((name) => resultOf(now, name, 'done')) }
        const revived = names.filter((name) => now.service(name)?.desired === 'run' && now.service(name)?.phase !== 'reaped')
        if (revived.length === 0) return undefined
        return conclude(
          'stopped',
          names.map((name) => resultOf(now, name, revived.includes(name) ? 'cancelled' : 'done')),
        )
      },
      accepted: accepted(names),
    }
  },
})

const isResult = (value: unknown): value is WorkflowResult => typeof value === 'object' && value !== null && 'outcome' in value

const begins = (run: ActorStatus | undefined): boolean => run !== undefined && run.state !== 'queued'

/** One workflow per service; a service whose slot is taken is joined to the restart that holds it. */
function planRestart(view: FleetView, services: readonly string[], context: PlanContext): Plan<{ results: Result[] }> {
  const names = knownServices(view, services)
  const runs = names.map((service) => {
    const op = view.serviceDetail(service)?.op ?? null
    const id = op?.id ?? context.newId()
    return { service, id, address: addressOf('restart', id), joined: op !== null }
  })
  // What has ended is remembered for a while only; a long list keeps what it saw.
  const seen = new Map<string, Result>()
  return {
    tell: runs
      .filter(({ joined }) => !joined)
      .map(({ service, id, address }) => ({
        to: 'workflows',
        event: {
          type: 'pool.spawn',
          address,
          input: { id, service, by: context.principal.name, request: context.request, at: context.now },
        },
      })),
    watch: runs.map(({ address }) => address),
    // Until then its service has not heard of it.
    begun: (now) => runs.every(({ address, joined }) => joined || begins(now.actor(address))),
    settled(now) {
      const results = runs.map(({ service, address }): Result | undefined => {
        const run = now.actor(address)
        if (run !== undefined && !run.live && isResult(run.result) && !seen.has(address)) {
          const { outcome, because } = run.result
          const shown = resultOf(now, service, outcome, address)
          seen.set(address, outcome === 'done' ? shown : { ...shown, because: because ?? shown.because })
        }
        return seen.get(address)
      })
      return results.every((one) => one !== undefined) ? conclude('restarted', results) : undefined
    },
    accepted: (now) => ({
      results: runs.map(({ service, address }) => resultOf(now, service, 'accepted', context.repeated ? null : address)),
    }),
  }
}

export const serviceRestart = mutation({
  name: 'service.restart',
  summary: 'Stops services and starts them again, free of their restart budget; answers when they are ready.',
  permission: 'service.control',
  errors: ['not_found', 'busy', 'failed', 'timeout'],
  deadline,
  idempotent: false,
  input,
  output,
  plan: (view, { services }, context) => planRestart(view, services, context),
})

export const serviceExplain = query({
  name: 'service.explain',
  summary: 'Why a service is in the state it is in: its history with reasons, its policy, what it waits for.',
  permission: 'fleet.read',
  errors: ['not_found'],
  input: z.strictObject({ service: z.string() }),
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
      spec: { ...spec, env: Object.keys(env) },
      history: [...view.history(service)],
    }
  },
})
