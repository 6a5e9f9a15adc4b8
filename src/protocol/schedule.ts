/** When a service is restarted by the calendar, and what the actors of a schedule say to each other. */

export interface Schedule {
  /** Five fields (minute, hour, day of month, month, day of week), or six with seconds first; or a word such as `@daily`. */
  readonly cron: string
  /** An IANA name such as `Europe/Berlin`; null: the zone of this machine. */
  readonly timezone: string | null
}

export interface CalendarInput {
  readonly schedule: Schedule
  /** Wall clock of the last sign of life of an earlier run, ms; null: there is nothing to have missed. */
  readonly awaySince: number | null
}

/** Times are wall clock, ISO 8601. */
export type CalendarFact =
  /** What it waits for from now on; null: there is no such time any more. */
  | { readonly type: 'calendar.next'; readonly at: string | null }
  | { readonly type: 'calendar.due'; readonly at: string }
  /** That time has passed unused. */
  | { readonly type: 'calendar.missed'; readonly because: string }

export interface OrderInput {
  readonly service: string
  readonly schedule: Schedule
}

/** What came of a restart that was due. */
export interface OrderAnswered {
  readonly type: 'order.answered'
  readonly because: string
}

/** In words, as reasons and facts name it: "schedule (0 4 * * *)". */
export const scheduleInWords = ({ cron }: Schedule): string => `schedule (${cron})`
