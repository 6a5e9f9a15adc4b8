import process from 'node:process'
import type { Actor, AnyActorLogic } from 'xstate'
import type { Containers } from './actors/containment.ts'
import type { Meter } from './actors/metrics.ts'
import type { createRunner } from './actors/run-program.ts'
import { deferred, gone, nextTurn, reaped, settled, sleep } from './awaiting.ts'
import type { Boot } from './boot.ts'
import { controlSocketOf, prepareControlSocket } from './control-socket.ts'
import { closeConnections, type Delivery } from './delivery.ts'
import type { Directory } from './directory.ts'
import type { Exits } from './exits.ts'
import type { Faults } from './faults.ts'
import type { createGateway } from './gateway.ts'
import type { createLogKeeping } from './log-keeping.ts'
import { openStore } from './opening.ts'
import type { ListenerSpec, Log, Orchestrator, OrchestratorOptions } from './options.ts'
import type { Persistence } from './persistence.ts'
import { HyphaeError } from './protocol/errors.ts'
import type { Statement } from './protocol/facts.ts'
import { addressOf } from './protocol/ids.ts'
import { limits } from './protocol/limits.ts'
import type { Principal } from './protocol/principal.ts'
import type { FleetView } from './protocol/view.ts'
import type { createReloading } from './reloading.ts'
import type { createSchedules } from './schedules.ts'
import type { Security } from './security.ts'
import { prepareStateDir } from './state-dir.ts'
import type { createSupervisor } from './supervisor.ts'
import type { createSurfaces } from './surfaces.ts'
import type { createSwitching } from './switching.ts'
import { version } from './version.ts'
import type { createWatching } from './watching.ts'

/** How an orchestrator begins and ends: what comes before what. */

/** What others see of it before it has begun. */
export interface Held {
  /** From when the journal is open. */
  store: Persistence | undefined
  /** A shutdown has ended every service. */
  stopped: boolean
}

export interface LifeParts {
  readonly options: OrchestratorOptions
  readonly held: Held
  /** Resolved when everything has begun. */
  readonly started: ReturnType<typeof deferred>
  readonly root: Actor<AnyActorLogic>
  readonly listeners: readonly ListenerSpec[]
  readonly directory: Directory
  readonly fleet: Pick<Boot, 'prepare' | 'names'>
  readonly view: Pick<FleetView, 'listeners'>
  readonly gateway: Pick<ReturnType<typeof createGateway>, 'invoke' | 'resume' | 'concluded'>
  readonly surfaces: Pick<ReturnType<typeof createSurfaces>, 'prepare'>
  readonly containers: Pick<Containers, 'unavailable' | 'removeAll'>
  readonly exits: Pick<Exits, 'dir'>
  readonly logs: Pick<ReturnType<typeof createLogKeeping>, 'folder' | 'start' | 'stop'>
  readonly meter: Pick<Meter, 'start' | 'stop'>
  readonly watching: Pick<ReturnType<typeof createWatching>, 'start' | 'close' | 'cleared'>
  readonly runner: Pick<ReturnType<typeof createRunner>, 'cleared'>
  readonly schedules: Pick<ReturnType<typeof createSchedules>, 'begin'>
  readonly security: Pick<Security, 'stop'>
  readonly switching: Pick<ReturnType<typeof createSwitching>, 'resume'>
  readonly reloading: Pick<ReturnType<typeof createReloading>, 'reload'>
  readonly faults: Faults
  readonly supervisor: ReturnType<typeof createSupervisor>
  readonly log: Log
  state(statement: Statement): void
  readonly spawn: Delivery['spawn']
  readonly deliver: Delivery['deliver']
}

type Life = Pick<Orchestrator, 'finished' | 'start' | 'reload' | 'crash' | 'shutdown' | 'close'>

export function createLife(parts: LifeParts): Life {
  const { options, held, started, root, listeners, directory, fleet, view, gateway, surfaces, containers, exits, logs } = parts
  const { meter, watching, runner, schedules, security, switching, reloading, faults, supervisor, log, state, spawn, deliver } =
    parts
  const { stateDir } = options
  const closed = deferred()
  const finished = reaped(directory, addressOf('shutdown', 'fleet'))
  return {
    finished,
    async start() {
      prepareStateDir(stateDir, [logs.folder, exits.dir])
      // Whether there are cgroups is proven by a trial; better now than while the first services wait to be spawned.
      containers.unavailable()
      const { store, tell } = await openStore(options, { directory, faults, supervisor, state })
      held.store = store
      root.subscribe({ error: (error) => log.error({ err: error }, 'the root failed') })
      root.start()
      state({ type: 'system.starting', about: 'supervisor.root', data: { pid: process.pid, version } })
      tell()
      // Before anything is started: what runs already must not be started a second time.
      const fresh = store.fleet !== null && store.fleet.status !== 'running'
      const specs = switching.resume(store.mode, fresh)
      const { generations, begin } = await fleet.prepare(store.services, store.groups, fresh, specs)
      spawn('lockdowns', addressOf('lockdown', 'fleet'), { lockdown: store.lockdown })
      if (listeners.some(({ endpoint }) => endpoint === `unix:${controlSocketOf(stateDir)}`)) prepareControlSocket(stateDir)
      await surfaces.prepare()
      for (const { name, endpoint, dialect } of listeners)
        spawn('listeners', addressOf('listener', name), { name, endpoint, dialect })
      await settled(
        directory,
        listeners.map(({ name }) => name),
      )
      const refused = view.listeners().find(({ name, error }) => name === 'control' && error !== null)
      if (refused !== undefined) throw new HyphaeError('busy', refused.error ?? '', { listener: refused.name })
      await begin()
      // Only now: what an earlier run wrote holds until every actor knows how things stand.
      store.keeper.begin()
      store.keeper.fleet('running')
      // Acknowledged or not: what was on the disk is carried out, once, and before anything else is.
      await Promise.all(store.requests.unfinished(store.services, generations).map(gateway.resume))
      await schedules.begin(fresh ? async () => null : store.lastSign)
      spawn('rotations', addressOf('rotation', 'logs'), {})
      meter.start()
      watching.start()
      logs.start()
      supervisor.become('running')
      state({ type: 'system.ready', about: 'supervisor.root', data: { services: fleet.names().length } })
      started.resolve()
    },
    async reload(next, nextGroups) {
      const because = await reloading.reload(next, nextGroups)
      state({ type: 'system.reloaded', about: 'supervisor.root', because })
    },
    async crash({ message }) {
      held.store?.keeper.freeze()
      state({ type: 'system.crashed', about: 'supervisor.root', because: message })
      await Promise.race([held.store?.journal.sync().catch(() => {}), sleep(limits.closeTime)])
    },
    async shutdown(by) {
      const principal: Principal = { name: by, via: 'internal', role: 'admin' }
      await gateway.invoke(principal, 'system.shutdown', { wait: false })
      await Promise.race([finished, closed.promise])
    },
    async close() {
      meter.stop()
      logs.stop()
      // Answers under way leave first; whoever does not take theirs is not waited for. That of what ended us begins only now.
      await nextTurn()
      await Promise.race([gateway.concluded(), sleep(limits.closeTime)])
      await nextTurn()
      await Promise.race([gone(directory, closeConnections(directory, deliver)), sleep(limits.closeTime)])
      // Nobody is left who could be refused: what was counted of that is told while there is a journal.
      security.stop()
      // Whatever brought us here: only a shutdown ends services.
      if (!held.stopped) {
        held.store?.keeper.freeze()
        for (const name of fleet.names()) deliver(addressOf('service', name), { type: 'LEAVE' })
      }
      await watching.close()
      root.stop()
      await Promise.race([Promise.all([runner.cleared(), watching.cleared()]), sleep(limits.closeTime)])
      // Whoever was refused has no business with those of another one.
      if (held.store !== undefined) containers.removeAll(held.stopped ? undefined : new Set(fleet.names()))
      await held.store?.close(!held.stopped)
      closed.resolve()
    },
  }
}
