import * as z from 'zod'
import { asked, mutation, type Changed, type Plan, type PlanContext } from '../protocol/command.ts'
import { addressOf } from '../protocol/ids.ts'
import { isRecord } from '../protocol/json.ts'
import { limits } from '../protocol/limits.ts'
import type { WorkflowResult } from '../protocol/restart.ts'
import type { RollingResult, Turn } from '../protocol/rolling.ts'
import { byFamily } from '../protocol/several.ts'
import type { ActorStatus } from '../protocol/status.ts'
import type { FleetView } from '../protocol/view.ts'
import { knownServices, someServices } from './names.ts'
import { accepted, conclude, deadline, resultOf, results, type Result } from './results.ts'
import { createTally } from './tally.ts'

const isResult = (value: unknown): value is WorkflowResult => isRecord(value) && 'outcome' in value
const isRolling = (value: unknown): value is RollingResult => isRecord(value) && Array.isArray(value['turns'])

const begins = (run: ActorStatus | undefined): boolean => run !== undefined && run.state !== 'queued'

/** Every one had its turn, or will have none. Where nobody stopped it the orchestrator ends, and the next one goes on. */
function wasHeard(now: FleetView, address: string): boolean {
  const result = now.actor(address)?.result
  if (!isRolling(result)) return false
  return !result.turns.some(
    ({ service, workflow, outcome }) => workflow !== null && outcome === 'cancelled' && now.service(service)?.desired !== 'stop',
  )
}

/** A part of a plan: one service, or the instances of one that are restarted one after the other. */
interface Lane {
  readonly services: readonly string[]
  readonly tell: Plan<unknown>['tell']
  readonly watch: readonly string[]
  begun(now: FleetView): boolean
  heard(now: FleetView): boolean
  /** By service, once it is known; the workflow too. */
  settled(now: FleetView): ReadonlyMap<string, Result> | undefined
  workflow(service: string): string
}

/** One workflow; a service whose slot is taken is joined to the restart that holds it. */
function oneLane(view: FleetView, service: string, context: PlanContext): Lane {
  const op = view.serviceDetail(service)?.op ?? null
  const joined = op !== null
  const id = op?.id ?? context.newId()
  const address = addressOf('restart', id)
  const begun = (now: FleetView): boolean => joined || begins(now.actor(address))
  const input = { id, service, by: context.principal.name, request: context.request, at: context.now }
  return {
    services: [service],
    tell: joined ? [] : [{ to: 'workflows', event: { type: 'pool.spawn', address, input } }],
    watch: [address],
    // Until then its service has not heard of it.
    begun,
    heard: begun,
    settled(now) {
      const run = now.actor(address)
      if (run === undefined || run.live || !isResult(run.result)) return undefined
      const { outcome, because } = run.result
      const shown = resultOf(now, service, outcome, address)
      return new Map([[service, outcome === 'done' ? shown : { ...shown, because: because ?? shown.because }]])
    },
    workflow: () => address,
  }
}

/** One workflow that restarts them in turn. */
function rollingLane(family: string, services: readonly string[], context: PlanContext): Lane {
  const id = context.newId()
  const address = addressOf('rolling', id)
  const turns = services.map((service): Turn => ({ service, id: context.newId() }))
  const input = { id, family, turns, services, by: context.principal.name, request: context.request }
  return {
    services,
    tell: [{ to: 'rollings', event: { type: 'pool.spawn', address, input } }],
    watch: [address, ...turns.map((turn) => addressOf('restart', turn.id))],
    begun: (now) => now.actor(address) !== undefined,
    heard: (now) => wasHeard(now, address),
    settled(now) {
      const run = now.actor(address)
      if (run === undefined || run.live || !isRolling(run.result)) return undefined
      return new Map(
        run.result.turns.map(({ service, outcome, because, workflow }) => {
          const shown = resultOf(now, service, outcome, workflow)
          return [service, outcome === 'done' ? shown : { ...shown, because: because ?? shown.because }]
        }),
      )
    },
    workflow: () => address,
  }
}

/** Instances of one service form a lane of their own, unless all are to be restarted at once. */
function lanesOf(view: FleetView, names: readonly string[], atOnce: boolean, context: PlanContext): Lane[] {
  const familyOf = (name: string): string | null => (atOnce ? null : (view.serviceDetail(name)?.spec.family ?? null))
  const families = byFamily(names.map((name) => ({ name, family: familyOf(name) })))
  const begun = new Set<string>()
  return names.flatMap((name) => {
    const family = familyOf(name)
    const members = family === null ? undefined : families.get(family)
    if (family === null || members === undefined || members.length === 1) return [oneLane(view, name, context)]
    if (begun.has(family)) return []
    begun.add(family)
    return [rollingLane(family, members, context)]
  })
}

function planRestart(
  view: FleetView,
  names: readonly string[],
  atOnce: boolean,
  context: PlanContext,
): Plan<{ results: Result[] }> {
  const lanes = lanesOf(view, names, atOnce, context)
  const longest = lanes.reduce((most, { services }) => Math.max(most, services.length), 0)
  const watched = lanes.map(({ watch }) => watch)
  const each = (is: (lane: Lane) => boolean) => {
    // What has ended is remembered for a while only: what was seen once stays so.
    const known = new Set<number>()
    return createTally(watched, (index) => {
      const lane = lanes[index]
      if (!known.has(index) && lane !== undefined && is(lane)) known.add(index)
      return known.has(index) || undefined
    })
  }
  const begun = each((lane) => lane.begun(view))
  const heard = each((lane) => lane.heard(view))
  const seen = new Map<string, Result>()
  const over = each((lane) => {
    const known = lane.settled(view)
    for (const [service, result] of known ?? []) seen.set(service, result)
    return known !== undefined
  })
  return {
    tell: lanes.flatMap(({ tell }) => tell),
    watch: lanes.flatMap(({ watch }) => watch),
    note(_, changed) {
      begun.look(changed)
      over.look(changed)
    },
    begun: (_, changed) => begun.look(changed) !== undefined,
    ...(longest > 1
      ? {
          heard: (_: FleetView, changed: Changed) => heard.look(changed) !== undefined,
          deadline: Math.min(deadline * longest, limits.duration),
        }
      : {}),
    settled(now, changed) {
      if (over.look(changed) === undefined) return undefined
      return conclude(
        'restarted',
        names.map((name) => seen.get(name) ?? resultOf(now, name, 'cancelled')),
      )
    },
    accepted(now) {
      if (context.repeated) return accepted(names)(now)
      const workflows = new Map(
        lanes.flatMap((lane) => lane.services.map((service) => [service, lane.workflow(service)] as const)),
      )
      return { results: names.map((name) => resultOf(now, name, 'accepted', workflows.get(name) ?? null)) }
    },
  }
}

export const serviceRestart = mutation({
  name: 'service.restart',
  summary: 'Stops services and starts them again, free of their restart budget; answers when they are ready.',
  permission: 'service.control',
  errors: ['not_found', 'busy', 'failed', 'timeout'],
  deadline,
  idempotent: false,
  input: z.strictObject({
    services: someServices,
    at_once: z
      .boolean()
      .default(false)
      .describe('true: instances of one service together; without it one after the other, each ready before the next'),
    ...asked,
  }),
  output: results,
  plan: (view, { services, at_once: atOnce }, context) => planRestart(view, knownServices(view, services), atOnce, context),
})
