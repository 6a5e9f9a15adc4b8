import { fromCallback, type CallbackLogicFunction } from 'xstate'
import { createCalendar } from './actors/calendar.ts'
import { nextTurn } from './awaiting.ts'
import type { Directory } from './directory.ts'
import type { ServiceContext } from './machines/service.ts'
import type { PoolName } from './machines/orchestrator.ts'
import type { Gateway } from './protocol/calls.ts'
import { addressOf, parseAddress, type Address } from './protocol/ids.ts'
import type { Statement } from './protocol/facts.ts'
import { lockdownInWords } from './protocol/lockdown.ts'
import { limits } from './protocol/limits.ts'
import { scheduleInWords, type OrderAnswered, type OrderInput, type Schedule } from './protocol/schedule.ts'
import type { FleetView } from './protocol/view.ts'

/** Keeps a schedule actor for each service that has a schedule, and orders the restarts of those actors. */

export interface SchedulesParts {
  readonly directory: Directory
  view(): FleetView
  gateway(): Gateway
  deliver(to: Address, event: { readonly type: string }): boolean
  state(statement: Statement): void
  spawn(pool: PoolName, address: Address, input: unknown): void
}

export function createSchedules({ directory, view, gateway, deliver, spawn, state }: SchedulesParts) {
  /** What each was told last. */
  const known = new Map<string, Schedule>()

  const wantedOf = (service: string): Schedule | null => {
    const context = directory.entry(addressOf('service', service))?.snapshot.context as unknown as ServiceContext | undefined
    return context === undefined ? null : (context.next ?? context.spec).schedule
  }
  const follow = (service: string, awaySince: number | null): void => {
    const wanted = wantedOf(service)
    const before = known.get(service)
    if (wanted === (before ?? null)) return
    const address = addressOf('schedule', service)
    if (wanted === null) {
      known.delete(service)
      deliver(address, { type: 'END' })
      return
    }
    known.set(service, wanted)
    if (before === undefined) spawn('schedules', address, { service, schedule: wanted, awaySince })
    else if (before.cron !== wanted.cron || before.timezone !== wanted.timezone)
      deliver(address, { type: 'RESCHEDULE', schedule: wanted } as { type: string })
  }

  let orders = 0
  /** Thousands may be due at the same moment: they are begun in slices, so that nobody else waits for all of them. */
  let queue = Promise.resolve()
  const slice = (): Promise<void> => (queue = queue.then(() => (++orders % limits.eventSlice === 0 ? nextTurn() : undefined)))

  /** An ordinary restart, and only of what runs or is about to. */
  const order: CallbackLogicFunction<{ type: 'order.none' }, OrderAnswered, OrderInput> = ({
    input: { service, schedule },
    sendBack,
  }) => {
    let over = false
    const answer = (because: string): void => {
      if (!over) sendBack({ type: 'order.answered', because })
    }
    const restart = async (): Promise<string> => {
      await slice()
      const status = view().service(service)
      if (status === undefined) return 'skipped: it is not there'
      if (status.desired === 'stop' || status.phase === 'reaped')
        return `skipped: it is ${status.status}, and a schedule starts nothing`
      if (status.pid === null) return `skipped: it is ${status.status}, so there is nothing to restart`
      const { lockdown } = view().supervisor()
      if (lockdown !== null) {
        const because = `held back: ${lockdownInWords(lockdown)}`
        state({ type: 'schedule.missed', about: addressOf('service', service), because, by: scheduleInWords(schedule) })
        return because
      }
      const by = { name: scheduleInWords(schedule), via: 'internal', role: 'admin' as const }
      const reply = await gateway().invoke(by, 'service.restart', { services: [service] })
      return reply.ok ? 'restarted' : `the restart failed: ${reply.error.message}`
    }
    restart().then(answer, (error: unknown) => answer(`the restart failed: ${String(error)}`))
    return () => void (over = true)
  }

  return {
    ports: { order: fromCallback(order), calendar: createCalendar() },
    /**
     * From now on each service has the schedule that it is to have. `lastSign`: the last sign of life of an earlier run that
     * ended unasked, wall clock ms; null: there was none.
     */
    async begin(lastSign: () => Promise<number | null>): Promise<void> {
      const services = Array.from(directory.addresses(), parseAddress).flatMap(({ kind, key }) => (kind === 'service' ? key : []))
      const awaySince = services.some((name) => wantedOf(name) !== null) ? await lastSign() : null
      for (const name of services) follow(name, awaySince)
      directory.watch((changes) => {
        for (const change of changes) {
          if (change.type !== 'fact' && change.address.startsWith('service.')) follow(parseAddress(change.address).key, null)
        }
      })
    },
    next(service: string): string | null {
      const at = directory.entry(addressOf('schedule', service))?.snapshot.context['nextAt']
      return typeof at === 'string' ? at : null
    },
  }
}
