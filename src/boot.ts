import { kill, observe } from './actors/observe.ts'
import type { Containers } from './actors/containment.ts'
import type { ExitRecord } from './actors/exit-record.ts'
import { nextTurn } from './awaiting.ts'
import type { Directory } from './directory.ts'
import type { Exits } from './exits.ts'
import type { Groups } from './groups.ts'
import { sealSpec } from './keeper.ts'
import type { PoolName } from './machines/orchestrator.ts'
import { changesOf } from './machines/changes.ts'
import { reconcile, type Step } from './machines/reconcile.ts'
import type { ServiceContext } from './machines/service.ts'
import type { Statement } from './protocol/facts.ts'
import { addressOf, parseAddress, type Address } from './protocol/ids.ts'
import { limits } from './protocol/limits.ts'
import type { GroupRecord, GroupSpec } from './protocol/group.ts'
import type { Observed } from './protocol/observed.ts'
import type { ServiceRecord } from './protocol/record.ts'
import type { ConfigChanges } from './protocol/reload.ts'
import type { ServiceSpec } from './protocol/service.ts'
import { createRetirement, type Retirement } from './retirement.ts'

/**
 * From what the config wants and what the journal and the machine show to actors: adopts what runs, starts what is missing,
 * ends what is not wanted. At boot, and whenever the config is read again.
 */

export interface BootParts {
  /** Names this run in incarnations. */
  readonly run: string
  readonly boot: string
  readonly stateId: string
  readonly directory: Directory
  readonly containers: Containers
  readonly exits: Exits
  readonly groups: Groups
  /** Monotonic ms. */
  clock(): number
  state(statement: Statement): void
  deliver(to: Address, event: { readonly type: string }): boolean
  spawn(pool: PoolName, address: Address, input: unknown): void
  /** The journal need not remember it any more. */
  forget(service: string): void
  /** Or has a shutdown begun? */
  goesOn(): boolean
}

export interface Boot {
  /** The services of the config, in its order, and for a while those that are not in it any more but still run. */
  names(): readonly string[]
  /**
   * Looks at what runs and makes the actors. `begin` then tells them what to do; until then nothing but leftovers has been
   * touched. `generations`: of each service, as far as is known before any is told anything.
   */
  prepare(
    records: ReadonlyMap<string, ServiceRecord>,
    groups: ReadonlyMap<string, GroupRecord>,
    fresh: boolean,
    /** Other services than those it was made with. */
    specs?: readonly ServiceSpec[],
  ): Promise<{ readonly generations: ReadonlyMap<string, number>; begin(): Promise<void> }>
  /** What a reload with these would change. Tells nobody. */
  changes(specs: readonly ServiceSpec[], groups: readonly GroupSpec[]): ConfigChanges
  /** Goes from the services that there are to these; null when the orchestrator began to stop before all had been told. */
  reload(specs: readonly ServiceSpec[], groups: readonly GroupSpec[], options?: ReloadOptions): Promise<ConfigChanges | null>
}

/** How a reload differs from one that follows the config alone. */
export interface ReloadOptions {
  /** These are left as they are, with what was changed of them by hand. */
  readonly keeps?: (service: string) => boolean
  /** A service as it is to run, where that is not as the config says. */
  readonly adjusts?: (spec: ServiceSpec) => ServiceSpec
  /** Of those that are new, these are not started. */
  readonly rests?: (service: string) => boolean
  /** What a service says that restarts, or goes. */
  readonly because?: { readonly changed: string; readonly removed: string }
}

export function createBoot(initial: readonly ServiceSpec[], parts: BootParts): Boot {
  const { directory, boot } = parts
  let wanted = initial.map(({ name }) => name)
  let inConfig = new Set(wanted)
  const leaving = new Set<string>()
  const become = (specs: readonly ServiceSpec[]): void => {
    wanted = specs.map(({ name }) => name)
    inConfig = new Set(wanted)
  }
  /** Why those that are told to go are: of each that is still there. */
  let farewell: string | undefined

  /** From actors that are there to these specs: no journal, and nothing to look for in the world. */
  const stepsTo = (next: readonly ServiceSpec[], observed: ReadonlyMap<string, Observed>): Step[] =>
    reconcile({ specs: next, records: new Map(), fresh: false, boot, seal: sealSpec }, observed)
  const keep = (steps: readonly Step[]): readonly Step[] => {
    for (const step of steps) if (step.do === 'remove') leaving.add(step.service)
    return steps
  }
  /** It was there; one that is only about to be made has not gone. */
  const hasGone = (name: string): boolean => directory.actor(addressOf('service', name))?.live === false
  const isThere = (name: string): boolean => directory.refOf(addressOf('service', name)) !== undefined

  const contextOf = (name: string): ServiceContext | undefined =>
    directory.entry(addressOf('service', name))?.snapshot.context as unknown as ServiceContext | undefined
  const retirement = createRetirement({
    directory,
    tell: (name) =>
      void parts.deliver(addressOf('service', name), { type: 'REMOVE', because: farewell, at: parts.clock() } as {
        type: string
      }),
    needs: (name) => contextOf(name)?.spec.dependsOn.map(({ service }) => service) ?? [],
    isWanted: (name) => inConfig.has(name) || !parts.goesOn(),
  })

  /** What the world shows of a fleet that has no actors yet. */
  const look = (records: ReadonlyMap<string, ServiceRecord>, exits: readonly ExitRecord[]): Promise<Map<string, Observed>> => {
    const known = Array.from(records.values()).flatMap(({ service, incarnation, leader, beside, boot: its }) => {
      if (its !== boot) return []
      const one = leader === null || incarnation === null ? [] : [{ service, incarnation, leader }]
      return beside == null ? one : one.concat({ service, incarnation: beside.incarnation, leader: beside.leader })
    })
    return observe({ stateId: parts.stateId, containers: parts.containers, known, exits })
  }
  const supervised = (): Map<string, Observed> =>
    new Map(
      Array.from(directory.addresses()).flatMap((address): Array<readonly [string, Observed]> => {
        const entry = parseAddress(address).kind === 'service' ? directory.entry(address) : undefined
        if (entry === undefined) return []
        const { spec, next, overrides } = entry.snapshot.context as unknown as ServiceContext
        const goes = entry.state === 'live.stopping.thenRemoved' || retirement.isGoing(spec.name)
        return [
          [
            spec.name,
            {
              incarnations: [],
              contained: [],
              exits: [],
              supervised: next ?? spec,
              overridden: overrides !== null,
              leaving: goes,
            },
          ],
        ]
      }),
    )

  return {
    names() {
      // Asked with each status: what it costs must not grow with the number of services.
      if (leaving.size === 0) return wanted
      for (const name of leaving) if (inConfig.has(name) || hasGone(name)) leaving.delete(name)
      return [...wanted, ...[...leaving].filter(isThere)]
    },
    async prepare(records, groups, fresh, specs = initial) {
      become(specs)
      const exits = parts.exits.list()
      const observed = await look(records, exits)
      const steps = keep(reconcile({ specs, records, fresh, boot, seal: sealSpec }, observed))
      const adopted = new Set(steps.flatMap((step) => (step.do === 'adopt' ? [step.incarnation] : [])))
      // Their ends are known already, or what they would decide has been decided otherwise.
      for (const exit of exits) if (!adopted.has(exit.incarnation)) parts.exits.drop(exit)
      const first = new Set<Step['do']>(['sweep', 'create'])
      await take(
        parts,
        retirement,
        steps.filter((step) => first.has(step.do)),
      )
      const generations = steps.flatMap((step) =>
        step.do === 'create' ? [[step.service, step.restored?.generation ?? 0] as const] : [],
      )
      const rest = steps.filter((step) => !first.has(step.do))
      const begin = async (): Promise<void> => {
        await take(parts, retirement, rest)
        // Only now: a group that had given up must see its members as they are.
        parts.groups.begin(fresh ? new Map() : groups)
      }
      return { generations: new Map(generations), begin }
    },
    changes(next, groups) {
      const observed = supervised()
      return { services: changesOf(stepsTo(next, observed), observed), groups: parts.groups.changes(groups) }
    },
    async reload(given, groups, { keeps, adjusts, rests, because } = {}) {
      const next = adjusts === undefined ? given : given.map(adjusts)
      const observed = supervised()
      const isMeant = ({ do: kind, service }: Step): boolean => {
        if (kind === 'start') return rests?.(service) !== true
        return !ofConfig.has(kind) || keeps?.(service) !== true || observed.get(service)?.leaving === true
      }
      const steps = keep(stepsTo(next, observed).filter(isMeant))
      farewell = because?.removed
      become(next)
      const changes = parts.groups.announce(groups)
      // Told of a change, what is about to be stopped would begin anew.
      const whole = await take(parts, retirement, steps, { ends: () => !parts.goesOn(), changed: because?.changed })
      if (!whole) return null
      parts.groups.follow(changes, wanted)
      return { services: changesOf(steps, observed), groups: changes }
    },
  }
}

/** What a config changes of a service that there is. */
const ofConfig: ReadonlySet<Step['do']> = new Set(['reconfigure', 'reschedule', 'settle'])

/** Takes the steps, in slices, so that the event loop goes on; false when it was told to end before the last. */
async function take(
  parts: BootParts,
  { retire }: Retirement,
  steps: readonly Step[],
  { ends = () => false, changed }: { readonly ends?: () => boolean; readonly changed?: string | undefined } = {},
): Promise<boolean> {
  await Promise.all(steps.flatMap((step) => (step.do === 'sweep' ? [sweep(parts, step)] : [])))
  const removed = steps.flatMap((step) => (step.do === 'remove' ? [step.service] : []))
  let slice = 0
  for (const step of steps) {
    if (step.do === 'sweep') continue
    if (++slice % limits.eventSlice === 0) await nextTurn()
    if (ends()) return false
    // What a shutdown has stopped stays so.
    if (!parts.goesOn() && step.do === 'start') continue
    // All of them are known to one another before the first is told.
    if (step.do !== 'remove') takeOne(parts, step, changed)
    else if (step.service === removed[0]) retire(removed)
  }
  return true
}

async function sweep({ state }: BootParts, { service, processes }: Extract<Step, { do: 'sweep' }>): Promise<void> {
  const left = await kill(processes)
  const what = `killed ${processes.length} left behind by an earlier incarnation of ${service}`
  const because = left.length === 0 ? what : `${left.length} of ${processes.length} left behind do not go`
  state({ type: 'system.swept', about: addressOf('service', service), because, data: { processes: [...processes] } })
}

function takeOne(
  { clock, run, groups, deliver, spawn, forget }: BootParts,
  step: Exclude<Step, { do: 'sweep' | 'remove' }>,
  changed: string | undefined,
): void {
  const { service } = step
  const address = addressOf('service', service)
  const tell = (event: { readonly type: string } & Readonly<Record<string, unknown>>): void => {
    deliver(address, { ...event, at: clock() } as { type: string })
  }
  switch (step.do) {
    case 'create':
      return spawn('services', address, {
        spec: step.spec,
        run,
        restored: step.restored,
        group: groups.deciding(service),
      })
    case 'adopt':
      return tell({
        type: 'ADOPT',
        leader: step.leader,
        incarnation: step.incarnation,
        readyAt: step.readyAt,
        logOffset: step.logOffset,
        beside: step.beside,
      })
    case 'replace':
      return tell({ type: 'REPLACE', because: step.because })
    case 'stop':
      return tell({ type: 'STOP', by: step.by })
    case 'reconfigure':
      return tell({ type: 'RECONFIGURE', spec: step.spec, because: changed })
    case 'reschedule':
      return tell({ type: 'RESCHEDULE', schedule: step.spec.schedule })
    case 'settle':
      return tell({ type: 'SET', setting: { spec: step.spec, overrides: null, back: null } })
    case 'start':
      return tell(step.because === null ? { type: 'START', by: 'the fleet' } : { type: 'RESUME', because: step.because })
    case 'forget':
      return forget(service)
  }
}
