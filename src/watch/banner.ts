import type { Banner } from '../protocol/banner.ts'
import type { Fact } from '../protocol/facts.ts'
import { addressOf, parseAddress } from '../protocol/ids.ts'
import { limits } from '../protocol/limits.ts'
import type { Lockdown } from '../protocol/lockdown.ts'
import type { ServiceStatus } from '../protocol/service.ts'
import type { SupervisorStatus } from '../protocol/status.ts'
import { atFault, bannerOf, idleIn, several } from './banner-words.ts'

/**
 * The banner: a fold of facts, looked at together with how things stand. First what ends or locks everything, then what is
 * under way, then what is wrong, then what has just ended, then that all is quiet. Times are wall clock, ms.
 */

/** How things stand. */
export interface World {
  readonly supervisor: Pick<SupervisorStatus, 'status' | 'mode' | 'faults'>
  /** Why nothing may be changed; null: it may. */
  readonly lockdown: Lockdown | null
  readonly services: ReadonlyArray<readonly [name: string, status: ServiceStatus]>
  /** How long a start of it may take, ms. */
  patience(service: string): number
}

interface Workflow {
  readonly address: string
  readonly since: number
  /** Of a restart; null: it is a switch to a mode. */
  readonly service: string | null
  readonly mode: string
  /** What it has said last. */
  said: string
}

interface Ended {
  readonly at: number
  readonly well: boolean
  readonly workflow: Workflow
  readonly because: string
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

export function createBanner(started: number) {
  const workflows = new Map<string, Workflow>()
  /** How long the last one took, by service; of switches under a name that no service has. */
  const took = new Map<string, number>()
  let ended: Ended[] = []
  /** When something was heard of a service last. */
  const heardOf = new Map<string, number>()
  let last = started

  function begin({ about, by, data }: Fact, at: number): void {
    const { kind } = parseAddress(about)
    if (kind !== 'restart' && kind !== 'switch') return
    const said = by === null ? '' : `asked for by ${by}`
    const service = kind === 'restart' ? textOf(data['service']) : null
    workflows.set(about, { address: about, since: at, service, mode: textOf(data['mode']), said })
  }
  function end({ about, because, data }: Fact, at: number): void {
    const workflow = workflows.get(about)
    if (workflow === undefined) return
    workflows.delete(about)
    const { outcome } = data
    if (outcome === 'done') {
      took.set(workflow.service ?? modeSwitch, at - workflow.since)
      // Of services that are gone: they are few.
      if (took.size > 2 * limits.services) took.clear()
    }
    if (outcome !== 'done' && outcome !== 'failed') return
    ended = [...ended, { at, well: outcome === 'done', workflow, because: because ?? '' }].slice(-limits.bannerEnded)
  }

  function remaining(now: number, world: World): number {
    const left = Array.from(workflows.values(), ({ service, since }) => {
      const usual = took.get(service ?? modeSwitch) ?? (service === null ? limits.bannerSwitch : world.patience(service))
      return since + usual - now
    })
    return Math.max(...left)
  }
  function underWay(now: number, world: World): Banner | undefined {
    const all = [...workflows.values()]
    const [first] = all
    if (first === undefined) return undefined
    const change = all.find(({ service }) => service === null)
    const { address, since, said, mode } = change ?? first
    const names = all.flatMap(({ service }) => service ?? [])
    const title = change === undefined ? `Restarting ${several(names)}` : `Switching to ${mode} mode`
    return bannerOf('info', title, said, since, { remaining: remaining(now, world), about: address })
  }

  function wrong({ supervisor, services }: World): Banner | undefined {
    const [fault] = supervisor.faults
    const of = (...wanted: ReadonlyArray<ServiceStatus['status']>) =>
      services.filter(([, { desired, status }]) => desired === 'run' && wanted.includes(status))
    const tell = (type: 'error' | 'warning', found: World['services'], one: string, many: string): Banner | undefined => {
      const [first] = found
      if (first === undefined) return undefined
      const [name, { reason }] = first
      const title = `${several(found.map(([service]) => service))} ${found.length === 1 ? one : many}`
      return bannerOf(type, title, reason ?? '', heardOf.get(name) ?? started, { about: addressOf('service', name) })
    }
    return (
      (fault === undefined
        ? undefined
        : bannerOf('error', atFault(fault.what), fault.because, Date.parse(fault.since), {
            about: 'supervisor.root',
          })) ??
      tell('error', of('failed'), 'has failed', 'have failed') ??
      tell('warning', of('unhealthy'), 'is unhealthy', 'are unhealthy') ??
      tell('warning', of('backing_off'), 'has crashed', 'have crashed')
    )
  }

  function justEnded(now: number): Banner | undefined {
    ended = ended.filter(({ at }) => now - at < limits.bannerEnd)
    const newest = ended.at(-1)
    if (newest === undefined) return undefined
    const { well, at, because, workflow } = newest
    const about = workflow.address
    if (workflow.service === null) {
      return well
        ? bannerOf('success', 'Mode Switch Complete', `Successfully switched to ${workflow.mode} mode`, at, { about })
        : bannerOf('error', 'Mode Switch Failed', because, at, { about })
    }
    if (!well) return bannerOf('error', 'Restart Failed', because, at, { about })
    const names = ended.flatMap((one) => (one.well && one.workflow.service !== null ? [one.workflow.service] : []))
    return bannerOf('success', 'Restart Complete', `${several([...new Set(names)].toReversed())} restarted successfully`, at, {
      about,
    })
  }

  function idle({ supervisor: { mode }, services }: World): Banner {
    const coming = services.filter(
      ([, { desired, status }]) => desired === 'run' && (status === 'starting' || status === 'waiting'),
    )
    const [first] = coming
    if (first !== undefined) {
      const about = addressOf('service', first[0])
      return bannerOf('info', `Starting ${several(coming.map(([name]) => name))}`, first[1].reason ?? '', last, { about })
    }
    const count = services.filter(([, { status }]) => status === 'running').length
    const rest = services.length - count
    const running = `${count} ${count === 1 ? 'service' : 'services'} running`
    const others = rest === 0 ? '' : `${rest} at rest`
    const { title, message } = mode === null ? { title: running, message: others } : idleIn(mode, running)
    return bannerOf('info', title, message, last)
  }

  function ending({ supervisor: { status }, services }: World): Banner | undefined {
    const left = services.filter(([, { pid }]) => pid !== null).length
    const many = `${left} ${left === 1 ? 'service' : 'services'}`
    if (status === 'stopping')
      return bannerOf('warning', 'Shutting down', `${many} still to stop`, last, { about: 'supervisor.root' })
    if (status === 'leaving') return bannerOf('warning', 'Leaving', `${many} will run on`, last, { about: 'supervisor.root' })
    return undefined
  }

  return {
    hear(fact: Fact): void {
      const { type, about, data } = fact
      const at = Date.parse(fact.time)
      if (type === 'workflow.started') begin(fact, at)
      else if (type === 'workflow.finished') end(fact, at)
      // It tells nothing any more, not even that it is over.
      else if (type === 'actor.crashed') workflows.delete(about)
      else if (type === 'workflow.step') {
        const workflow = workflows.get(about)
        if (workflow !== undefined) workflow.said = `${textOf(data['step'])}: ${textOf(data['outcome'])}`
      }
      if (type === 'service.removed') heardOf.delete(parseAddress(about).key)
      else if (parseAddress(about).kind === 'service') heardOf.set(parseAddress(about).key, at)
      if (quiet.has(type)) return
      last = at
    },
    show(world: World, now: number): Banner {
      const locked =
        world.lockdown === null
          ? undefined
          : bannerOf('warning', 'Locked down', heldBy(world.lockdown), Date.parse(world.lockdown.since), {
              about: 'supervisor.root',
            })
      return ending(world) ?? locked ?? underWay(now, world) ?? wrong(world) ?? justEnded(now) ?? idle(world)
    },
  }
}

const heldBy = ({ by, reason }: Lockdown): string => (reason === null ? `by ${by}` : `${reason} (by ${by})`)

/** No service has this name. */
const modeSwitch = ''
/** These change nothing that a banner tells. */
const quiet: ReadonlySet<string> = new Set([
  'command.accepted',
  'command.refused',
  'hook.delivered',
  'hook.failed',
  'hook.dropped',
  'access.refused',
  'access.ticket',
  'access.login',
  'access.loginEnded',
])
