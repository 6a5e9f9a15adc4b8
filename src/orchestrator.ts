import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import process from 'node:process'
import { createActor } from 'xstate'
import { deferred } from './awaiting.ts'
import { createChildProcess } from './actors/child-process.ts'
import { createContainers } from './actors/containment.ts'
import { createMemoryWatch } from './actors/memory-watch.ts'
import { createMeter } from './actors/metrics.ts'
import { bootId, monotonic } from './actors/proc.ts'
import { createProbe } from './actors/probe.ts'
import { createRunner } from './actors/run-program.ts'
import { createSpawnQueue } from './actors/spawn-queue.ts'
import { createBoot } from './boot.ts'
import { registry } from './commands/registry.ts'
import { controlSocketOf } from './control-socket.ts'
import { createDelivery } from './delivery.ts'
import { createDirectory } from './directory.ts'
import { createExits } from './exits.ts'
import { createFaults } from './faults.ts'
import { createFleetView } from './fleet-view.ts'
import { createGateway } from './gateway.ts'
import { createGroups } from './groups.ts'
import { createInspection } from './inspection.ts'
import { tellChecks } from './log-fields.ts'
import { createLife, type Held } from './life.ts'
import { createLogKeeping } from './log-keeping.ts'
import { readConfigOf, rulesOf, type Log, type Orchestrator, type OrchestratorOptions } from './options.ts'
import type { Persistence } from './persistence.ts'
import { createFleetPort, createGate, createMembers, createTarget, createTurns } from './ports.ts'
import { HyphaeError } from './protocol/errors.ts'
import { addressOf } from './protocol/ids.ts'
import type { FleetView } from './protocol/view.ts'
import { createRecording } from './recording.ts'
import { createReloading } from './reloading.ts'
import { createSecurity } from './security.ts'
import { createSchedules } from './schedules.ts'
import { stateIdOf } from './state-dir.ts'
import { createStreams } from './streams.ts'
import { createSupervisor } from './supervisor.ts'
import { createSurfaces } from './surfaces.ts'
import { createSwitching } from './switching.ts'
import { supervisionTree } from './tree.ts'
import { createWatching } from './watching.ts'

const silent: Log = { info() {}, warn() {}, error() {}, debug() {} }

/** The composition root: the one place where machines meet effects. */
export function createOrchestrator(options: OrchestratorOptions): Orchestrator {
  const { services, groups: grouped = [], stateDir, configPath = null, log = silent } = options
  const listeners = options.listeners ?? [{ name: 'control', endpoint: `unix:${controlSocketOf(stateDir)}`, dialect: 'jsonrpc' }]
  const run = randomBytes(3).toString('hex')
  const stateId = stateIdOf(stateDir)
  // Ours alone: a reload may change it.
  const environment = { ...(options.environment ?? process.env) }
  const exits = createExits(stateDir, () => opened().journal.sync())
  const folder = configPath === null ? stateDir : dirname(configPath)
  const runner = createRunner({ environment, folder, stateId })

  const directory = createDirectory()
  const onError = (error: unknown): void => log.error({ err: error }, 'an event could not be inspected')
  const inspection = createInspection({ directory, run, onError })
  const serviceNames = (): readonly string[] => fleet.names()
  const maxAge = options.logMaxAge
  const logs = createLogKeeping({ stateDir, directory, environment, serviceNames, maxAge, faults: () => faults })
  const meter = createMeter(monotonic)
  const containers = createContainers({ stateId })
  const held: Held = { store: undefined, stopped: false }
  const started = deferred()
  let count = 0
  const newId = (): string => `${run}-${++count}`

  const defaultService = (): string | null => options.defaultService ?? fleet.names()[0] ?? null
  const supervisor = createSupervisor({
    stateDir,
    clock: monotonic,
    serviceNames,
    config: () => ({ path: reloading.path(), modes: reloading.modes(), warnings: reloading.warnings() }),
    defaultService,
    lockdown: () => security.lockdown(),
    faults: () => faults,
  })
  const listenerNames = listeners.map(({ name }) => name)
  const opened = (): Persistence => {
    if (held.store !== undefined) return held.store
    throw new HyphaeError('unavailable', 'the orchestrator has not opened its journal yet')
  }
  const watching = createWatching({
    directory,
    meter,
    journal: () => held.store?.journal,
    clock: monotonic,
    isCommand: (name) => registry.has(name),
    view: () => view,
    hooks: () => reloading.hooks(),
    spawn: (...asked) => spawn(...asked),
    state: (statement) => state(statement),
    newId,
    log,
    environment,
    folder,
    stateId,
  })
  const view: FleetView = createFleetView({
    directory,
    meter,
    clock: monotonic,
    serviceNames,
    listenerNames: () => listenerNames,
    supervisor: supervisor.shown,
    nextRestart: (service) => schedules.next(service),
    groups: () => groups.statuses(),
    leftOut: (name) => reloading.leftOut(name),
    modes: () => reloading.modes(),
    switching: () => switching.underWay(),
    programs: () => ({ rules: security.rules().programs, running: runner.running() }),
    logs: logs.reading,
    watching: watching.reads,
    inspection,
    journal: () => opened().journal,
  })

  const { state, accepted, onFact } = createRecording({
    directory,
    meter,
    containers,
    log,
    journal: () => held.store?.journal,
    first: ({ type }) => {
      // The end of the orchestrator, as its own status and the journal's record of the fleet show it.
      if (type === 'system.stopping') {
        supervisor.become('stopping')
        held.store?.keeper.fleet('stopping')
      } else if (type === 'system.leaving') {
        supervisor.become('leaving')
        held.store?.keeper.freeze()
      } else if (type === 'system.stopped') {
        held.stopped = true
        held.store?.keeper.fleet('stopped')
      }
    },
  })
  const faults = createFaults({ state, wall: Date.now })
  onFact(watching.hear)

  const { deliver, spawn } = createDelivery(directory, () => root, log)
  const security = createSecurity({ registry, rules: rulesOf(options), directory, deliver, state, clock: monotonic })
  const groups = createGroups(grouped, { directory, deliver, spawn, boot: bootId })

  const schedules = createSchedules({ directory, view: () => view, gateway: () => gateway, deliver, spawn, state })
  const reloading = createReloading({
    directory,
    fleet: () => fleet,
    loadConfig: options.loadConfig,
    config: readConfigOf(options),
    environment,
    takeRules: security.take,
    status: supervisor.status,
  })

  const parts = { directory, view, deliver, clock: monotonic }
  const switching = createSwitching({
    ...parts,
    fleet: () => fleet,
    reloading,
    groups,
    supervisor,
    journal: () => opened().journal,
  })
  const gateway = createGateway({
    registry,
    view,
    deliver,
    listen: directory.listen,
    open: createStreams({
      directory,
      run,
      reading: logs.reading,
      banner: watching.follow,
      inspection: inspection.watch,
      facts: (query) => opened().journal.read(query),
    }),
    clock: monotonic,
    newId,
    ticket: security.ticket,
    requests: {
      take: (call, run) => opened().requests.take(call, run),
      resume: (call, run) => opened().requests.resume(call, run),
    },
    starting: () => (supervisor.status() === 'starting' ? started.promise : undefined),
    durable: () => opened().journal.sync(),
    fault: () => opened().journal.fault,
    accepted,
    onDefect: (error, command) => log.error({ err: error, command }, 'a command failed for a reason of our own'),
  })

  const admitting = watching.counted(security.before(gateway))
  const surfaces = createSurfaces({
    gateway: admitting,
    registry,
    security,
    defaultService,
    dashboard: { programs: () => view.programs().rules, environment },
    listeners,
    transports: options.transports ?? [],
    times: options.times ?? {},
    log,
    newId,
    health: view.health,
    connect: (input) => spawn('connections', addressOf('connection', input.id), input),
  })

  const root = createActor(
    supervisionTree({
      state,
      child: createChildProcess({
        logPath: logs.logPath,
        renewLog: logs.keeper.renew,
        exitPath: exits.path,
        exitReported: exits.reported,
        environment,
        stateId,
        containers,
        spawnQueue: createSpawnQueue(),
      }),
      probe: createProbe({ logPath: logs.logPath, environment, log: tellChecks(log) }),
      memory: createMemoryWatch(meter),
      ...schedules.ports,
      ...watching.ports,
      gate: createGate(parts),
      members: createMembers(parts),
      target: createTarget(parts),
      turns: createTurns({ ...parts, spawn }),
      program: runner.logic,
      fleet: createFleetPort(parts),
      source: reloading.source,
      changeover: reloading.changeover,
      ...switching.ports,
      logKeeper: logs.keeper.logic,
      socket: surfaces.socket,
      conversation: surfaces.conversation,
      admit: surfaces.admit,
      loginOver: security.loginOver,
    }),
    { inspect: inspection.inspect },
  )

  const fleet = createBoot(services, {
    run,
    boot: bootId,
    stateId,
    directory,
    containers,
    exits,
    groups,
    clock: monotonic,
    state,
    deliver,
    spawn,
    forget: (service) => held.store?.keeper.forget(service),
    goesOn: () => ['starting', 'running'].includes(supervisor.status()),
  })

  return {
    gateway: admitting,
    view,
    onFact,
    ...createLife({
      options,
      held,
      started,
      root,
      listeners,
      directory,
      fleet,
      view,
      gateway,
      surfaces,
      containers,
      exits,
      logs,
      meter,
      watching,
      runner,
      schedules,
      security,
      switching,
      reloading,
      faults,
      supervisor,
      log,
      state,
      spawn,
      deliver,
    }),
  }
}
