import { Cron } from 'croner'
import { type CallbackActorLogic, type CallbackLogicFunction, fromCallback } from 'xstate'
import { formatDuration } from '../protocol/duration.ts'
import { limits } from '../protocol/limits.ts'
import type { CalendarFact, CalendarInput } from '../protocol/schedule.ts'

export interface CalendarDependencies {
  /** Wall clock, ms: the one thing here that is about the time of day. It may jump. */
  readonly wall?: () => number
}

/**
 * Says when a time of a schedule has come, by the wall clock. It looks there again and again, whatever its timer says: clocks
 * are set, and machines sleep. A time comes once at most; one that was slept through has passed.
 */
export function createCalendar({ wall = Date.now }: CalendarDependencies = {}): CallbackActorLogic<
  { type: 'calendar.none' },
  CalendarInput
> {
  const run: CallbackLogicFunction<{ type: 'calendar.none' }, CalendarFact, CalendarInput> = ({
    input: { schedule, awaySince },
    sendBack,
  }) => {
    const cron = new Cron(schedule.cron, {
      mode: '5-or-6-parts',
      ...(schedule.timezone === null ? {} : { timezone: schedule.timezone }),
    })
    const after = (time: number): number | null => cron.nextRun(new Date(time))?.getTime() ?? null
    const iso = (time: number): string => new Date(time).toISOString()
    let timer: NodeJS.Timeout | undefined
    /** The clock at the last look, and the time that came last. */
    let seen = wall()
    let last = -Infinity
    let next = after(seen)

    const say = (): void => sendBack({ type: 'calendar.next', at: next === null ? null : iso(next) })
    const wait = (): void => {
      if (next === null) return
      timer = setTimeout(look, Math.min(Math.max(next - wall(), 1), limits.scheduleLook)).unref()
    }
    const look = (): void => {
      const now = wall()
      if (now < seen) {
        // Set back: what it showed before was right, or far off.
        if (last - now > limits.scheduleBack) last = -Infinity
        next = after(Math.max(now, last))
        say()
      } else if (next !== null && now >= next) {
        const at = next
        last = at
        next = after(now)
        if (now - at <= limits.scheduleLate) sendBack({ type: 'calendar.due', at: iso(at) })
        else {
          const late = formatDuration(now - at)
          sendBack({
            type: 'calendar.missed',
            because: `${iso(at)} was noticed ${late} late (the machine slept, or its clock was set ahead), so it is skipped`,
          })
        }
        say()
      }
      seen = now
      wait()
    }

    const missed = awaySince === null ? null : after(awaySince)
    if (missed !== null && missed <= seen) {
      sendBack({ type: 'calendar.missed', because: `${iso(missed)} passed while no orchestrator ran, so it is skipped` })
    }
    say()
    wait()
    return () => clearTimeout(timer)
  }
  return fromCallback(run)
}
