import { fromCallback, type CallbackLogicFunction } from 'xstate'
import type { Delivery } from './delivery.ts'
import type { Directory } from './directory.ts'
import { isSameView, stamped, type MembersCommand, type MembersSeen, type MemberView } from './machines/group-members.ts'
import type { TargetSeen, TargetCommand, TargetView } from './machines/restart-vocabulary.ts'
import type { GateFact, GateInput, ServiceContext } from './machines/service.ts'
import type { TurnCommand, TurnEnded } from './machines/rolling.ts'
import type { FleetRested, FleetStop, ShutdownInput } from './machines/shutdown.ts'
import { addressOf, parseAddress, type Address } from './protocol/ids.ts'
import type { WorkflowResult } from './protocol/restart.ts'
import type { TurnResult } from './protocol/rolling.ts'
import type { FleetView } from './protocol/view.ts'

/** What fills the ports of machines that look at other actors: they see the directory, and speak through `deliver`. */

export interface PortParts {
  readonly directory: Directory
  readonly view: FleetView
  deliver(to: Address, event: { readonly type: string }): boolean
  clock(): number
}

const wanted = { started: 'to be started', healthy: 'to be healthy', completed: 'to complete' } as const

/** May a service start? Says so whenever the answer changes. */
export function createGate({ directory, view }: PortParts) {
  const run: CallbackLogicFunction<{ type: 'gate.look' }, GateFact, GateInput> = ({ input: { dependsOn }, sendBack }) => {
    let said = ''
    const look = (): void => {
      const waiting: string[] = []
      const lost: string[] = []
      for (const { service, condition } of dependsOn) {
        if (view.dependencyMet(service, condition)) continue
        const status = view.service(service)
        if (status?.state === 'failed') lost.push(`${service} failed: ${status.reason}`)
        else waiting.push(`${service} ${wanted[condition]} (it is ${status?.status ?? 'unknown'})`)
      }
      const because = lost.length > 0 ? `cannot start: ${lost.join('; ')}` : `waits for ${waiting.join(', ')}`
      if (waiting.length === 0 && lost.length === 0) sendBack({ type: 'gate.open', waited: said !== '' })
      else if (because !== said) sendBack({ type: lost.length > 0 ? 'gate.blocked' : 'gate.waiting', because })
      said = because
    }
    const stop = directory.listen(
      dependsOn.flatMap(({ service }) => [addressOf('service', service), addressOf('process', service)]),
      look,
    )
    look()
    return stop
  }
  return fromCallback(run)
}

/** The service of a restart workflow. */
export function createTarget({ directory, view, deliver, clock }: PortParts) {
  const run: CallbackLogicFunction<TargetCommand, TargetSeen, { service: string }> = ({
    input: { service },
    sendBack,
    receive,
  }) => {
    const address = addressOf('service', service)
    const seen = (): TargetView | null => {
      const entry = directory.entry(address)
      if (entry === undefined) return null
      const context = entry.snapshot.context as unknown as ServiceContext
      const { op, generation, readyGeneration, desired, because, next, overrides, back, lapsed } = context
      // Of an overlapping restart the new process is what it is about.
      const waits = entry.state === 'live.running.overlapping.waiting'
      const about = entry.state === 'live.running.overlapping.starting' ? (context.beside ?? context) : context
      const { incarnation, spec } = about
      const pid = waits ? null : about.pid
      const blocked = view.serviceDetail(service)?.blocked ?? false
      const setting = { spec: next ?? context.spec, overrides, back }
      const { state } = entry
      return { op, generation, readyGeneration, desired, pid, incarnation, because, blocked, state, spec, setting, lapsed }
    }
    const look = (): void => sendBack({ type: 'target.seen', view: seen(), at: clock() })
    const stop = directory.listen([address], look)
    receive((command) => {
      if (command.type === 'target.tell') deliver(address, command.event)
      look()
    })
    return stop
  }
  return fromCallback(run)
}

/** The restarts of a rolling one, each a workflow of its own; where another holds the service, that one is waited for. */
export function createTurns({ directory, view, clock, spawn }: PortParts & Pick<Delivery, 'spawn'>) {
  const run: CallbackLogicFunction<TurnCommand, TurnEnded, { readonly by: string; readonly request?: string | undefined }> = ({
    input: { by, request },
    sendBack,
    receive,
  }) => {
    let stop = (): void => {}
    receive(({ turn: { service, id: own } }) => {
      const end = (result: Omit<TurnResult, 'service'>): void => sendBack({ type: 'turn.ended', result: { service, ...result } })
      const detail = view.serviceDetail(service)
      if (detail === undefined)
        return end({ workflow: null, outcome: 'failed', because: `there is no service ${service} any more` })
      const id = detail.op?.id ?? own
      const workflow = addressOf('restart', id)
      const look = (): void => {
        const seen = directory.actor(workflow)
        if (seen === undefined || seen.live) return
        stop()
        const { outcome = 'failed', because = seen.reason } = (seen.result ?? {}) as Partial<WorkflowResult>
        end({ workflow, outcome, because })
      }
      stop = directory.listen([workflow], look)
      if (detail.op === null) spawn('workflows', workflow, { id, service, by, request, at: clock() })
      look()
    })
    return () => stop()
  }
  return fromCallback(run)
}

/** The members of a group. */
export function createMembers({ directory, deliver, clock }: PortParts) {
  const viewOf = (service: string): MemberView => {
    const entry = directory.entry(addressOf('service', service))
    const bare = { service, readyAt: null, because: null, loss: null, generation: 0, oneShot: false }
    if (entry === undefined) return { ...bare, state: 'removed', rests: true, desired: 'stop', policy: 'never' }
    const { spec, next, desired, generation, readyAt, because, loss } = entry.snapshot.context as unknown as ServiceContext
    const { restart, oneShot } = next ?? spec
    const rests = entry.phase === 'reaped'
    return { service, state: entry.state, rests, desired, policy: restart.policy, oneShot, generation, readyAt, because, loss }
  }
  const run: CallbackLogicFunction<MembersCommand, MembersSeen, { services: readonly string[] }> = ({
    input,
    sendBack,
    receive,
  }) => {
    let places = new Map<Address, number>()
    let members: readonly MemberView[] = []
    let stop = (): void => {}
    const say = (): void => sendBack({ type: 'members.seen', members })
    /** Of a group of a thousand only those that changed are looked at, and nothing is said that was said before. */
    const look = (changed: Iterable<Address>): boolean => {
      const now = members.slice()
      let differs = false
      for (const address of changed) {
        const index = places.get(address)
        const before = index === undefined ? undefined : now[index]
        if (index === undefined || before === undefined) continue
        const view = viewOf(before.service)
        if (isSameView(before, view)) continue
        now[index] = view
        differs = true
      }
      if (differs) members = now
      return differs
    }
    const listen = (services: readonly string[]): void => {
      stop()
      members = services.map(viewOf)
      places = new Map(services.map((service, index) => [addressOf('service', service), index]))
      stop = directory.listen([...places.keys()], (changed) => {
        if (look(changed)) say()
      })
      say()
    }
    receive((command) => {
      if (command.type === 'members.watch') {
        listen(command.services)
        return
      }
      const address = addressOf('service', command.service)
      deliver(address, stamped(command.word, clock()))
      look([address])
      say()
    })
    listen(input.services)
    return () => stop()
  }
  return fromCallback(run)
}

/** The services that a shutdown stops layer by layer, or lets go of. */
export function createFleetPort({ directory, view, deliver, clock }: PortParts) {
  const run: CallbackLogicFunction<FleetStop, FleetRested, Pick<ShutdownInput, 'by' | 'mode'>> = ({
    input: { by, mode },
    sendBack,
    receive,
  }) => {
    let stop = (): void => {}
    receive(({ services }) => {
      stop()
      // What falls from now on is not restarted.
      for (const { name } of view.groups()) deliver(addressOf('group', name), { type: 'REMOVE' })
      const addresses = services.map((service) => addressOf('service', service))
      const restless = new Set<Address>()
      // What was on its way to an actor when the shutdown began may wake it again: whoever wants to run is told again.
      const look = (changed: Iterable<Address>): void => {
        for (const address of changed) {
          const { key: service } = parseAddress(address)
          const status = view.service(service)
          if (status === undefined || status.phase === 'reaped') {
            restless.delete(address)
            continue
          }
          restless.add(address)
          if (mode === 'leave') deliver(address, { type: 'LEAVE' })
          else if (status.desired === 'run') deliver(address, { type: 'STOP', by, at: clock() } as { type: string })
        }
        if (restless.size > 0) return
        stop()
        sendBack({ type: 'fleet.rested' })
      }
      stop = directory.listen(addresses, look)
      look(addresses)
    })
    return () => stop()
  }
  return fromCallback(run)
}
