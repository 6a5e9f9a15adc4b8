import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createActor, type AnyActorRef } from 'xstate'
import { gone, settled } from './awaiting.ts'
import { createChildProcess } from './actors/child-process.ts'
import { createContainers } from './actors/containment.ts'
import { createConversation } from './actors/conversation.ts'
import { tail } from './actors/log-tail.ts'
import { createMeter } from './actors/metrics.ts'
import { monotonic } from './actors/proc.ts'
import { createProbe } from './actors/probe.ts'
import { createServerSockets } from './actors/server-socket.ts'
import { createSpawnQueue } from './actors/spawn-queue.ts'
import { registry } from './commands/registry.ts'
import { jsonrpc } from './dialects/jsonrpc.ts'
import { controlSocketOf, prepareControlSocket } from './control-socket.ts'
import { createDirectory } from './directory.ts'
import { createFleetView } from './fleet-view.ts'
import { createGateway } from './gateway.ts'
import { inspectInto } from './inspection.ts'
import { pools, type PoolName } from './machines/orchestrator.ts'
import { createFleetPort, createGate, createTarget } from './ports.ts'
import type { Gateway } from './protocol/calls.ts'
import type { Dialect } from './protocol/dialect.ts'
import { HyphaeError } from './protocol/errors.ts'
import type { Fact, Statement } from './protocol/facts.ts'
import { addressOf, type Address } from './protocol/ids.ts'
import { limits } from './protocol/limits.ts'
import type { Transport } from './protocol/link.ts'
import type { Principal } from './protocol/principal.ts'
import type { ServiceSpec } from './protocol/service.ts'
import type { SupervisorStatus } from './protocol/status.ts'
import type { FleetView } from './protocol/view.ts'
import { createStreams } from './streams.ts'
import { supervisionTree } from './tree.ts'
import { memory } from './transports/memory.ts'
import { unix } from './transports/unix.ts'
import { version } from './version.ts'

/** Where our own words go; pino fits. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  debug(fields: object, message: string): void
}

export interface ListenerSpec {
  /** The config's key. */
  readonly name: string
  /** Scheme and place: `unix:/run/x.sock`, `memory:`. */
  readonly endpoint: string
  readonly dialect: 'jsonrpc'
}

export interface OrchestratorOptions {
  readonly services: readonly ServiceSpec[]
  /** Folder for logs and the socket; made where it is missing, mode 0700. */
  readonly stateDir: string
  readonly configPath?: string | null
  readonly warnings?: readonly string[]
  /** What children inherit; our own secrets must not be in it. */
  readonly environment?: NodeJS.ProcessEnv
  readonly listeners?: readonly ListenerSpec[]
  readonly transports?: readonly Transport[]
  readonly log?: Log
}

export interface Orchestrator {
  readonly gateway: Gateway
  readonly view: FleetView
  /** Facts as they are recorded, each once, in order. */
  onFact(listener: (fact: Fact) => void): () => void
  /**
   * Starts listeners, then services; resolves once each listener is bound or has failed. Without its control socket it
   * rejects and starts no service.
   */
  start(): Promise<void>
  /** Asks for the shutdown of the fleet, as `system.shutdown` does; resolves when nothing is left. */
  shutdown(by: string): Promise<void>
  /** Resolves when a shutdown, whoever asked for it, has finished. */
  readonly finished: Promise<void>
  /** Ends the actors and closes what is open. After a shutdown nothing runs any more. */
  close(): Promise<void>
}

const silent: Log = { info() {}, warn() {}, error() {}, debug() {} }

/** Names the state folder in marks and cgroups. */
export const stateIdOf = (stateDir: string): string => createHash('sha256').update(stateDir).digest('hex').slice(0, 12)

export const logPathOf = (stateDir: string, service: string): string => join(stateDir, 'logs', `${service}.log`)

/** Whoever can open a unix socket of mode 0600 is the user who runs us. */
const localUser: Principal = {
  name: `local:${process.getuid?.() === 0 ? 'root' : (process.env['USER'] ?? 'user')}`,
  via: 'unix',
  role: 'admin',
}

/** The composition root: the one place where machines meet effects. */
export function createOrchestrator(options: OrchestratorOptions): Orchestrator {
  const { services, stateDir, configPath = null, warnings = [], log = silent } = options
  const listeners = options.listeners ?? [{ name: 'control', endpoint: `unix:${controlSocketOf(stateDir)}`, dialect: 'jsonrpc' }]
  const startedAt = monotonic()
  const run = randomBytes(3).toString('hex')
  const stateId = stateIdOf(stateDir)
  const environment = options.environment ?? process.env
  const logPath = (service: string): string => logPathOf(stateDir, service)
  const readTail = (service: string, lines: number) => tail(logPath(service), lines)

  const directory = createDirectory()
  const meter = createMeter(monotonic)
  const containers = createContainers({ stateId })
  const factListeners = new Set<(fact: Fact) => void>()
  let status: SupervisorStatus['status'] = 'starting'
  let count = 0
  const newId = (): string => `${run}-${++count}`

  const supervisor = (): SupervisorStatus => ({
    status,
    pid: process.pid,
    uptime: Math.floor((monotonic() - startedAt) / 1000),
    managed_services: services.length,
    version,
    config: configPath,
    state: stateDir,
    warnings: [...warnings],
  })
  const serviceNames = services.map(({ name }) => name)
  const listenerNames = listeners.map(({ name }) => name)
  const view = createFleetView({
    directory,
    meter,
    clock: monotonic,
    serviceNames: () => serviceNames,
    listenerNames: () => listenerNames,
    supervisor,
    tail: readTail,
  })

  const state = (statement: Statement): void => {
    if (statement.type === 'system.stopping') status = 'stopping'
    measure(statement)
    const fact = directory.record(statement)
    log.info(
      { about: fact.about, by: fact.by ?? undefined, ...fact.data },
      `${fact.type}${fact.because === null ? '' : `: ${fact.because}`}`,
    )
    for (const listener of factListeners) {
      try {
        listener(fact)
      } catch (error) {
        log.error({ err: error }, 'a listener for facts failed')
      }
    }
  }
  /** Memory and CPU are measured from spawn to end. */
  const measure = ({ type, about, data }: Statement): void => {
    const service = about.slice('service.'.length)
    if (type === 'service.spawned') {
      const { pid, start } = data ?? {}
      if (typeof pid !== 'number' || typeof start !== 'number') return
      meter.track(service, { pid, start }, data?.['containment'] === 'cgroup' ? containers.open(service) : null)
    } else if (type === 'service.exited') {
      meter.untrack(service)
    }
  }

  const poolRefs = (): Readonly<Record<string, AnyActorRef | undefined>> =>
    root.getSnapshot().children as Record<string, AnyActorRef | undefined>
  const deliver = (to: Address, event: { readonly type: string }): boolean => {
    const ref = (pools as readonly string[]).includes(to) ? poolRefs()[to] : directory.refOf(to)
    if (ref === undefined) return false
    ref.send(event)
    return true
  }
  const spawn = (pool: PoolName, address: Address, input: unknown): void => {
    if (directory.refOf(address) !== undefined) {
      log.error({ about: address }, 'an actor with this address is alive already')
      return
    }
    deliver(pool, { type: 'pool.spawn', address, input } as { type: string })
  }

  const parts = { directory, view, deliver, clock: monotonic }
  const gateway = createGateway({
    registry,
    view,
    deliver,
    listen: directory.listen,
    open: createStreams({ directory, logPath }),
    clock: monotonic,
    newId,
    onDefect: (error, command) => log.error({ err: error, command }, 'a command failed for a reason of our own'),
  })

  const dialects = new Map<string, Dialect>([
    ['jsonrpc', jsonrpc({ isStream: (method) => registry.get(method)?.kind === 'stream' }) as Dialect],
  ])
  const transports = [unix(), memory(), ...(options.transports ?? [])]
  const sockets = createServerSockets(new Map(transports.map((transport) => [transport.scheme, transport])))

  const root = createActor(
    supervisionTree({
      state,
      child: createChildProcess({ logPath, environment, stateId, containers, spawnQueue: createSpawnQueue(), clock: monotonic }),
      probe: createProbe({
        logPath,
        environment,
        log: (service, ok, fields) => {
          if (ok) log.debug({ service, ...fields }, 'Service health check passed')
          else log.warn({ service, ...fields }, 'Service health check failed')
        },
      }),
      gate: createGate(parts),
      target: createTarget(parts),
      fleet: createFleetPort(parts),
      socket: sockets.logic,
      conversation: createConversation({ gateway, claim: sockets.claim, dialect: (name) => dialects.get(name) }),
      admit: (admission) => {
        // In a turn of its own: an action must not make other actors act before its own machine is done.
        queueMicrotask(() => {
          const id = newId()
          spawn('connections', addressOf('connection', id), { ...admission, id, principal: localUser })
        })
      },
    }),
    { inspect: inspectInto(directory, (error) => log.error({ err: error }, 'the directory could not take a snapshot')) },
  )

  let finish: () => void = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const shutdownAddress = addressOf('shutdown', 'fleet')
  directory.listen([shutdownAddress], () => {
    if (directory.actor(shutdownAddress)?.live === false) finish()
  })

  return {
    gateway,
    view,
    finished,
    onFact(listener) {
      factListeners.add(listener)
      return () => factListeners.delete(listener)
    },
    async start() {
      mkdirSync(join(stateDir, 'logs'), { recursive: true, mode: 0o700 })
      if (options.listeners === undefined) prepareControlSocket(stateDir)
      // Whether there are cgroups is proven by a trial; better now than while the first services wait to be spawned.
      containers.unavailable()
      root.subscribe({ error: (error) => log.error({ err: error }, 'the root failed') })
      root.start()
      state({ type: 'system.starting', about: 'supervisor.root', data: { pid: process.pid, version } })
      for (const { name, endpoint, dialect } of listeners)
        spawn('listeners', addressOf('listener', name), { name, endpoint, dialect })
      await settled(directory, listenerNames)
      // Two orchestrators of one state folder would run everything twice; the socket tells who was first.
      const refused = view.listeners().find(({ name, error }) => name === 'control' && error !== null)
      if (refused !== undefined) throw new HyphaeError('busy', refused.error ?? '', { listener: refused.name })
      for (const [index, spec] of services.entries()) {
        if (index > 0 && index % limits.eventSlice === 0) await nextTurn()
        spawn('services', addressOf('service', spec.name), { spec, run })
      }
      for (const [index, spec] of services.filter(({ autostart }) => autostart).entries()) {
        if (index > 0 && index % limits.eventSlice === 0) await nextTurn()
        // A shutdown may have begun meanwhile; what it has stopped stays so.
        if (status !== 'starting') return
        deliver(addressOf('service', spec.name), { type: 'START', by: 'the fleet', at: monotonic() } as { type: string })
      }
      meter.start()
      status = 'running'
      state({ type: 'system.ready', about: 'supervisor.root', data: { services: services.length } })
    },
    async shutdown(by) {
      const principal: Principal = { name: by, via: 'internal', role: 'admin' }
      await gateway.invoke(principal, 'system.shutdown', { wait: false })
      await finished
    },
    async close() {
      meter.stop()
      // Answers under way leave first; whoever does not take theirs is not waited for.
      await nextTurn()
      const open = Array.from(directory.actors()).filter(({ kind }) => kind === 'connection')
      for (const { address } of open) deliver(address, { type: 'CLOSE', because: 'the orchestrator ends' } as { type: string })
      await Promise.race([gone(directory, open), new Promise((resolve) => setTimeout(resolve, limits.closeTime).unref())])
      root.stop()
      containers.removeAll()
    },
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
