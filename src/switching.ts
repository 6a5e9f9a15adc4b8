import { fromCallback, type CallbackLogicFunction } from 'xstate'
import type { Boot, ReloadOptions } from './boot.ts'
import type { Directory } from './directory.ts'
import type { PlanInput, PlanMade, StepEnded, StepInput } from './machines/switch-vocabulary.ts'
import { HyphaeError, messageOf } from './protocol/errors.ts'
import type { GroupSpec } from './protocol/group.ts'
import { addressOf, type Address } from './protocol/ids.ts'
import type { SwitchPlan, SwitchRefusal, SwitchWay } from './protocol/mode.ts'
import { sameSpec } from './protocol/record.ts'
import type { ReadConfig } from './protocol/reload.ts'
import type { ServiceSpec } from './protocol/service.ts'
import { overridden, type Overrides, type Setting } from './protocol/setting.ts'
import type { FleetView } from './protocol/view.ts'
import { createChosenMode, type ChosenModeParts } from './chosen-mode.ts'
import { createReadiness } from './readiness.ts'
import type { createReloading } from './reloading.ts'
import { verify } from './verifying.ts'

/** What fills the ports of a switch of modes: what it has to do, and how each step is done and waited for. */

export interface SwitchingParts extends ChosenModeParts {
  readonly directory: Directory
  readonly view: FleetView
  readonly fleet: () => Pick<Boot, 'reload'>
  readonly reloading: ReturnType<typeof createReloading>
  deliver(to: Address, event: { readonly type: string }): boolean
  /** Monotonic ms. */
  clock(): number
}

/** A switch that is under way. */
interface UnderWay {
  readonly plan: SwitchPlan
  readonly from: ReadConfig
  readonly to: ReadConfig
  /** The same in both modes. */
  readonly same: ReadonlySet<string>
  /** They were ready before, or had been. */
  readonly well: ReadonlySet<string>
  /** Nobody wanted them to run. */
  readonly resting: ReadonlySet<string>
  /** What was changed by hand of those that are not. */
  readonly byHand: ReadonlyMap<string, Overrides>
  /** Overlapping restarts that came to nothing before, as their services know them. */
  lapsed: ReadonlySet<object>
  /** What the fleet is made of now. */
  now: { readonly services: readonly ServiceSpec[]; readonly groups: readonly GroupSpec[] }
}

type Answer = (
  ended: Omit<Extract<StepEnded, { type: 'step.done' }>, 'at'> | Omit<Extract<StepEnded, { type: 'step.failed' }>, 'at'>,
) => void

export function createSwitching(parts: SwitchingParts) {
  const { directory, view, fleet, reloading, clock } = parts
  const chosen = createChosenMode(parts)
  const running = new Map<Address, UnderWay>()
  let last: ReturnType<FleetView['switching']> = null
  const readinessOf = createReadiness({ directory, view })
  const overridesOf = (service: string): Overrides | null =>
    (directory.entry(addressOf('service', service))?.snapshot.context['overrides'] as Overrides | null | undefined) ?? null

  const planOf = async ({ address, mode, by }: PlanInput): Promise<{ readonly plan: SwitchPlan; readonly same: boolean }> => {
    reloading.refuseWhileStopping()
    reloading.take(address)
    last = { address, mode }
    const from = reloading.current()
    if (from.modes === undefined) {
      const message = 'this orchestrator was given its services by a program, without modes: there is nothing to switch to'
      throw new HyphaeError('unavailable', message)
    }
    const bare = { from: from.mode ?? null, mode, stops: [], restarts: [], starts: [] }
    if (from.mode === mode) return { plan: bare, same: true }
    const to = from.modes.in(mode)
    const before = new Map(from.services.map((spec) => [spec.name, spec]))
    const after = new Set(to.services.map(({ name }) => name))
    const isSame = (spec: ServiceSpec): boolean => {
      const old = before.get(spec.name)
      return old !== undefined && sameSpec(old, spec)
    }
    const same = new Set(to.services.filter(isSame).map(({ name }) => name))
    const kinds = new Map(from.services.map(({ name }) => [name, readinessOf(name).kind]))
    const plan: SwitchPlan = {
      ...bare,
      stops: from.services.flatMap(({ name }) => (after.has(name) ? [] : [name])),
      restarts: to.services.flatMap((spec) => {
        const old = before.get(spec.name)
        return old !== undefined && kinds.get(spec.name) !== 'resting' && needsRestart(old, spec) ? [spec.name] : []
      }),
      starts: to.services.flatMap(({ name }) => (before.has(name) ? [] : [name])),
    }
    const of = (kind: string): ReadonlySet<string> =>
      new Set(Array.from(kinds).flatMap(([name, its]) => (its === kind ? [name] : [])))
    const byHand = new Map(
      from.services.flatMap(({ name }) => {
        const overrides = same.has(name) ? null : overridesOf(name)
        return overrides === null ? [] : [[name, overrides] as const]
      }),
    )
    const now = { services: from.services, groups: from.groups ?? [] }
    try {
      // From here on the new mode is the one that is wanted, whatever ends us.
      await chosen.keep(mode, by)
      reloading.refuseWhileStopping()
    } catch (error) {
      await wantAgain(from, by)
      throw error
    }
    running.set(address, { plan, from, to, same, well: of('ready'), resting: of('resting'), byHand, lapsed: new Set(), now })
    return { plan, same: false }
  }

  const plan: CallbackLogicFunction<{ type: 'plan.none' }, PlanMade, PlanInput> = ({ input, sendBack }) => {
    let over = false
    planOf(input).then(
      (made) => void (over || sendBack({ type: 'plan.made', ...made, at: clock() })),
      (error: unknown) => void (over || sendBack({ type: 'plan.refused', refusal: refusalOf(error), at: clock() })),
    )
    return () => void (over = true)
  }

  /** What neither mode has any more goes, and is waited for. */
  const stopping = async (one: UnderWay, target: ReadConfig, because: Reasons, answer: Answer): Promise<() => void> => {
    const stays = new Set(target.services.map(({ name }) => name))
    const gone = one.now.services.flatMap(({ name }) => (stays.has(name) ? [] : [name]))
    const left = new Set(gone.map((name) => addressOf('service', name)))
    if (gone.length > 0) {
      one.now = {
        services: one.now.services.filter(({ name }) => stays.has(name)),
        groups: one.now.groups.flatMap((group) => {
          const services = group.services.filter((name) => stays.has(name))
          return services.length === 0 ? [] : [{ ...group, services }]
        }),
      }
      const options = { keeps: () => true, because }
      await fleet().reload(one.now.services, one.now.groups, options)
    }
    let stop = (): void => {}
    const look = (changed: Iterable<Address>): void => {
      for (const address of changed) if (directory.refOf(address) === undefined) left.delete(address)
      if (left.size > 0) return
      stop()
      answer({ type: 'step.done', services: gone })
    }
    stop = directory.listen([...left], look)
    look([...left])
    return stop
  }

  const lapsedNow = (services: readonly ServiceSpec[]): ReadonlySet<object> =>
    new Set(
      services.flatMap(({ name }) => {
        const seen = readinessOf(name)
        return seen.kind === 'ready' && seen.lapsed !== null ? [seen.lapsed] : []
      }),
    )

  /** On the way back what was changed by hand is so again, and is known for that. */
  const remember = ({ from, byHand }: UnderWay): void => {
    for (const spec of from.services) {
      const overrides = byHand.get(spec.name)
      if (overrides === undefined) continue
      const setting: Setting = { spec: overridden(spec, overrides), overrides, back: null }
      parts.deliver(addressOf('service', spec.name), { type: 'SET', setting } as { type: string })
    }
  }

  const changing = async (one: UnderWay, target: ReadConfig, because: Reasons, answer: Answer): Promise<() => void> => {
    const options: ReloadOptions = {
      keeps: (service) => one.same.has(service),
      // What nobody wanted to run before does not because of a way back.
      rests: (service) => target === one.from && one.resting.has(service),
      adjusts: (spec) => (target === one.from ? overridden(spec, one.byHand.get(spec.name)) : spec),
      because,
    }
    one.now = { services: target.services, groups: target.groups ?? [] }
    one.lapsed = lapsedNow(target.services)
    const { changes } = await reloading.goOver(target, options)
    if (target === one.from) remember(one)
    answer({ type: 'step.done', services: changes.map(({ service }) => service) })
    return () => {}
  }

  /** What the switch does not touch and was not well before is as it was. */
  const verifying = (one: UnderWay, target: ReadConfig, answer: Answer): (() => void) => {
    const { well, same } = one
    const concerned = ({ name }: ServiceSpec): boolean =>
      well.has(name) || (target === one.to && !same.has(name) && !one.resting.has(name))
    const services = target.services.filter(concerned).map(({ name }) => name)
    const fresh = new Set(services.filter((name) => !same.has(name)))
    const done = (because: string | null): void =>
      answer(because === null ? { type: 'step.done', services } : { type: 'step.failed', because })
    return verify({ services, fresh, known: one.lapsed, done }, { directory, view, readinessOf, clock })
  }

  const take = async ({ address, step: which, way, by }: StepInput, answer: Answer): Promise<() => void> => {
    const one = running.get(address)
    if (one === undefined) throw new HyphaeError('internal', 'nothing is known of this switch')
    const target = way === 'there' ? one.to : one.from
    const because = reasonsOf(one.plan, way)
    if (which === 'stopping') {
      // The way back begins: from now on the mode before is the one that is wanted. A disk that fails must not keep it.
      if (way === 'back') await wantAgain(one.from, by)
      return stopping(one, target, because, answer)
    }
    return which === 'changing' ? changing(one, target, because, answer) : verifying(one, target, answer)
  }
  const wantAgain = async ({ mode, modes }: ReadConfig, by: string): Promise<void> => {
    const work = mode != null && modes?.source === 'switched' ? chosen.keep(mode, by) : chosen.drop()
    await work.catch(() => {})
  }

  const step: CallbackLogicFunction<{ type: 'step.none' }, StepEnded, StepInput> = ({ input, sendBack }) => {
    let over = false
    let stop = (): void => {}
    const end = (ended: StepEnded): void => {
      if (over) return
      over = true
      stop()
      unlisten()
      sendBack(ended)
    }
    const shutdown = addressOf('shutdown', 'fleet')
    const cancel = (): void => {
      const { status } = view.supervisor()
      if (status !== 'running') end({ type: 'step.cancelled', because: `the orchestrator is ${status}`, at: clock() })
    }
    const unlisten = directory.listen([shutdown], cancel)
    cancel()
    const begin = async (): Promise<void> => {
      try {
        stop = await take(input, (ended) => {
          // What a shutdown has stopped is not ready, nor is it a failure.
          cancel()
          end({ ...ended, at: clock() })
        })
        if (over) stop()
      } catch (error) {
        cancel()
        end({ type: 'step.failed', because: messageOf(error), at: clock() })
      }
    }
    if (!over) void begin()
    return () => {
      over = true
      stop()
      unlisten()
    }
  }

  // Those that have ended are of no use any more. Whatever happens comes by here, and hardly ever is there a switch.
  directory.watch(() => {
    for (const address of running.keys()) if (directory.refOf(address) === undefined) running.delete(address)
  })

  return {
    resume: chosen.resume,
    ports: { plan: fromCallback(plan), step: fromCallback(step) },
    /** The switch that is under way. */
    underWay: (): ReturnType<FleetView['switching']> =>
      last !== null && directory.refOf(last.address) !== undefined ? last : null,
  }
}

type Reasons = NonNullable<ReloadOptions['because']>

/** What a service says that a switch restarts, or ends. */
function reasonsOf({ from, mode }: SwitchPlan, way: SwitchWay): Reasons {
  if (way === 'there') return { changed: `restarted because the mode is ${mode} now`, removed: `left out in the mode ${mode}` }
  const back = `on the way back to ${from === null ? 'no mode' : `the mode ${from}`}`
  return { changed: `restarted ${back}`, removed: `left out ${back}` }
}

/** What it depends on, and its schedule, take effect without a new process. */
const needsRestart = (old: ServiceSpec, spec: ServiceSpec): boolean =>
  !sameSpec({ ...old, dependsOn: [], schedule: null }, { ...spec, dependsOn: [], schedule: null })

function refusalOf(error: unknown): SwitchRefusal {
  if (error instanceof HyphaeError) return { code: error.code, message: error.message, data: error.data }
  return { code: 'internal', message: messageOf(error), data: {} }
}
