import { Cron } from 'croner'
import { messageOf } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { nearest } from '../protocol/nearest.ts'
import type { Checker } from './checker.ts'
import type { Path } from './report.ts'
import type { WrittenService } from './service-schema.ts'

/** What stands for a whole schedule. */
const words: ReadonlySet<string> = new Set(['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually'])

const expected = 'a schedule such as "0 4 * * *" (minute, hour, day of month, month, day of week)'

/** Is the schedule of a service one, and does its time ever come? */
export function checkSchedule(path: Path, { restart, one_shot }: WrittenService, checker: Checker): void {
  const { schedule, timezone } = restart ?? {}
  const at = [...path, 'restart', 'schedule']
  if (timezone !== undefined && !isZone(timezone)) {
    const message = `there is no time zone ${JSON.stringify(timezone)}; expected a name such as "Europe/Berlin", or UTC`
    const suggestion = nearest(timezone, Intl.supportedValuesOf('timeZone'))
    checker.error([...path, 'restart', 'timezone'], { message, suggestion })
  }
  const zone = timezone === undefined || !isZone(timezone) ? {} : { timezone }
  if (schedule === undefined) {
    if (zone.timezone !== undefined) {
      checker.warn([...path, 'restart', 'timezone'], { message: 'a timezone without a schedule has no effect' })
    }
    return
  }
  if (one_shot === true) {
    checker.error(at, { message: 'a schedule restarts what runs, and a one-shot is meant to end: it would hardly ever be there' })
    return
  }
  const fields = schedule.trim().split(/\s+/).length
  const written = JSON.stringify(schedule.slice(0, limits.quotedText))
  const isWord = /^@[a-z]+$/i.test(schedule)
  // A single date would do for the library, and happen once.
  if (schedule.length > limits.scheduleText || (!isWord && fields !== 5 && fields !== 6)) {
    checker.error(at, { expected, got: `${written}, of ${fields} ${fields === 1 ? 'field' : 'fields'}` })
    return
  }
  if (isWord && !words.has(schedule.toLowerCase())) {
    checker.error(at, {
      expected: `${expected}, or ${[...words].join(', ')}`,
      got: written,
      suggestion: nearest(schedule, words),
    })
    return
  }
  try {
    const next = new Cron(schedule, { mode: '5-or-6-parts', ...zone }).nextRun()
    if (next === null) checker.error(at, { message: `${written} never comes` })
  } catch (error) {
    checker.error(at, { expected, got: `${written}: ${messageOf(error).replace(/^CronPattern: /, '')}` })
  }
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
