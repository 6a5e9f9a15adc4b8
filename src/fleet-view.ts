import type { Directory, Entry } from './directory.ts'
import type { LogReading } from './log-reading.ts'
import type { Meter } from './actors/metrics.ts'
import type { ServiceContext } from './machines/service.ts'
import { causeOf } from './machines/restart-policy.ts'
import { addressOf, parseAddress, type Address } from './protocol/ids.ts'
import { limits } from './protocol/limits.ts'
import type { Journal } from './protocol/journal.ts'
import type { Role } from './protocol/principal.ts'
import type { DependencyCondition, ServiceStatus, ServiceStatusName } from './protocol/service.ts'
import type { ListenerStatus, SupervisorStatus } from './protocol/status.ts'
import type { FleetView, ServiceDetail } from './protocol/view.ts'

export interface FleetViewParts {
  readonly directory: Directory
  readonly meter: Meter
  /** Monotonic ms. */
  clock(): number
  serviceNames(): readonly string[]
  listenerNames(): readonly string[]
  supervisor(): SupervisorStatus
  /** When the schedule of a service restarts it next. */
  nextRestart(service: string): string | null
  programs: FleetView['programs']
  groups: FleetView['groups']
  leftOut: FleetView['leftOut']
  modes: FleetView['modes']
  switching: FleetView['switching']
  readonly logs: Pick<LogReading, 'lines' | 'ends'>
  readonly watching: Pick<FleetView, 'health' | 'metrics' | 'banner'>
  readonly inspection: Pick<FleetView, 'chart' | 'contexts'>
  /** It may not have been opened yet. */
  journal(): Pick<Journal, 'read' | 'kept'>
}

/** One word for a person, from the state's own name. */
const words: Readonly<Record<string, ServiceStatusName>> = {
  gate: 'waiting',
  held: 'waiting',
  spawning: 'starting',
  adopting: 'starting',
  probing: 'starting',
  healthy: 'running',
  overlapping: 'running',
  unhealthy: 'unhealthy',
  terminating: 'stopping',
  killing: 'stopping',
  sweeping: 'stopping',
  backingOff: 'backing_off',
  stopped: 'stopped',
  completed: 'completed',
  failed: 'failed',
  removed: 'removed',
}

/** The state's own name: of a process in `up.healthy` it is `healthy`, of one in `killing.stuck` it is `killing`. */
const short = (state: string): string => {
  const [first = state, second] = state.split('.')
  return first === 'up' && second !== undefined ? second : first
}

/** A restart beside the one that runs is under way. */
const overlap = 'live.running.overlapping'
const underWay = ({ because, beside, pid }: ServiceContext): string => {
  const next =
    beside?.role === 'next'
      ? `${beside.pid === null ? 'a new process' : `pid ${beside.pid}`} starts beside pid ${pid}`
      : `waits until pid ${beside?.pid} has gone`
  return because === null ? next : `${because}: ${next}`
}

const contextOf = (entry: Entry): ServiceContext => entry.snapshot.context as unknown as ServiceContext

/** Where a service and its process are found, and what was last shown of them. */
interface Place {
  readonly service: Address
  readonly process: Address
  /** As both were then: an actor that changed has another entry. */
  entry: Entry | undefined
  program: Entry | undefined
  /** But for what changes by itself. */
  status: ServiceStatus | undefined
  spawnedAt: number | null
  scheduled: boolean
}

/** Kept: to make and to hash two texts, and to gather a status from everywhere, is most of what a status of all costs. */
function createPlaces() {
  const places = new Map<string, Place>()
  return (name: string): Place => {
    const known = places.get(name)
    if (known !== undefined) return known
    const none = { entry: undefined, program: undefined, status: undefined, spawnedAt: null, scheduled: false }
    const place = { service: addressOf('service', name), process: addressOf('process', name), ...none }
    // Names of services that are gone: they are few.
    if (places.size >= 2 * limits.services) places.clear()
    places.set(name, place)
    return place
  }
}

/** The directory as commands see it. */
export function createFleetView({
  directory,
  meter,
  clock,
  serviceNames,
  listenerNames,
  supervisor,
  nextRestart,
  programs,
  groups,
  leftOut,
  modes,
  switching,
  logs,
  watching,
  inspection,
  journal,
}: FleetViewParts): FleetView {
  const placeOf = createPlaces()

  function gather(entry: Entry, program: Entry | undefined): ServiceStatus {
    const { spec, next, pid, containment, memory, restartCount, generation, desired } = contextOf(entry)
    const overlapping = entry.state.startsWith(overlap)
    const state = overlapping
      ? 'overlapping'
      : entry.state.startsWith('live')
        ? short(program?.state ?? 'spawning')
        : short(entry.state)
    const because = overlapping ? underWay(contextOf(entry)) : contextOf(entry).because
    const seen = program?.snapshot.context['because']
    return {
      status: words[state] ?? 'running',
      pid,
      uptime: 0,
      memory_mb: 0,
      cpu_percent: 0,
      restart_count: restartCount,
      restart_policy: spec.restart.policy,
      phase: entry.phase,
      state,
      reason: typeof seen === 'string' && entry.state.startsWith('live.running') && !overlapping ? seen : because,
      containment: pid === null ? null : containment,
      generation,
      desired,
      depends_on: spec.dependsOn.map((dependency) => dependency.service),
      category: (next ?? spec).category,
      kind: (next ?? spec).kind,
      family: spec.family,
      args: spec.args,
      user: spec.user?.name ?? null,
      memory_limit: spec.memoryLimit === null ? null : { mb: spec.memoryLimit / 2 ** 20, by: pid === null ? null : memory },
      next_restart: null,
      last_restart: null,
    }
  }

  function service(name: string): ServiceStatus | undefined {
    const place = placeOf(name)
    const entry = directory.entry(place.service)
    if (entry === undefined) return undefined
    const program = directory.entry(place.process)
    if (place.status === undefined || place.entry !== entry || place.program !== program) {
      const { spawnedAt, spec, next } = contextOf(entry)
      const scheduled = (next ?? spec).schedule !== null
      Object.assign(place, { entry, program, spawnedAt, scheduled, status: gather(entry, program) })
    }
    const { status, spawnedAt, scheduled } = place
    if (status === undefined) return undefined
    const uptime = uptimeOf(spawnedAt)
    const next = scheduled ? nextRestart(name) : null
    // What an earlier run did may be read later than its services are there.
    const last = directory.lastRestart(place.service)
    if (status.pid === null) return { ...status, uptime, next_restart: next, last_restart: last }
    const { memoryMb, cpuPercent } = meter.read(name)
    return { ...status, uptime, memory_mb: memoryMb, cpu_percent: cpuPercent, next_restart: next, last_restart: last }
  }
  const uptimeOf = (spawnedAt: number | null): number =>
    spawnedAt === null ? 0 : Math.max(0, Math.floor((clock() - spawnedAt) / 1000))

  function serviceDetail(name: string): ServiceDetail | undefined {
    const entry = directory.entry(addressOf('service', name))
    if (entry === undefined) return undefined
    const { spec, next, op, overrides, readyGeneration, generation, history, ended, blocked } = contextOf(entry)
    return {
      spec: next ?? spec,
      op,
      readyGeneration,
      generation,
      // What its gate said last, as long as it still holds: a dependency that was started again may yet come up.
      blocked: blocked && spec.dependsOn.some((dependency) => service(dependency.service)?.state === 'failed'),
      pendingSpec: next !== null,
      overridden: [
        ...(overrides?.args === undefined ? [] : ['args']),
        ...Object.keys(overrides?.env ?? {}).map((name) => `env.${name}`),
      ],
      // Without a limit only the series is counted.
      restartsInWindow: spec.restart.maxRestarts === null ? history.streak : history.restarts.length,
      lastExit: ended === null ? null : causeOf(ended),
    }
  }

  return {
    ...watching,
    chart: inspection.chart,
    contexts: inspection.contexts,
    supervisor,
    programs,
    groups,
    leftOut,
    modes,
    switching,
    serviceNames,
    service,
    serviceDetail,
    listeners: () =>
      listenerNames().map((name): ListenerStatus => {
        const entry = directory.entry(addressOf('listener', name))
        const bound = entry?.snapshot.context['bound']
        const because = entry?.snapshot.context['because']
        const endpoint = entry?.snapshot.context['endpoint']
        return {
          name,
          scheme: typeof endpoint === 'string' ? endpoint.slice(0, endpoint.indexOf(':')) : '',
          address: typeof bound === 'string' ? bound : null,
          error: entry?.state === 'closed' && typeof because === 'string' ? because : null,
        }
      }),
    dependencyMet(name: string, condition: DependencyCondition): boolean {
      const entry = directory.entry(addressOf('service', name))
      if (entry === undefined) return false
      switch (condition) {
        case 'started':
          return entry.state === 'completed' || (contextOf(entry).pid !== null && entry.state.startsWith('live.running'))
        case 'healthy':
          return (
            entry.state === 'live.running.healthy' ||
            (entry.state.startsWith(overlap) && contextOf(entry).readyAt !== null && !contextOf(entry).sick)
          )
        case 'completed':
          return entry.state === 'completed'
      }
    },
    history: (name) => directory.history(addressOf('service', name)),
    actors: directory.actors,
    actor: directory.actor,
    details: directory.details,
    loginRole: (address) =>
      parseAddress(address).kind === 'login'
        ? ((directory.entry(address)?.snapshot.context['role'] as Role | undefined) ?? null)
        : null,
    accepts: (address, event) => directory.entry(address)?.snapshot.can(event) ?? false,
    measure: (names) => meter.measure(names),
    events: (query) => journal().read(query),
    lastFact: directory.lastFact,
    keptEvents: () => journal().kept(),
    logEnds: logs.ends,
    logLines: logs.lines,
  }
}
