import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../protocol/duration.ts'

const expected = 'expected how long ago (10m, 2h, 1d), or a date and time (2026-11-21, 2026-11-21T05:00, 2026-11-21T05:00:00Z).'

/** A moment, as one types it: how long before `now` (wall clock, ms), or an ISO date and time, local where it has no zone. */
export function parseSince(text: string, now: number): Date {
  const ago = parseDuration(text)
  const time = ago === undefined ? dateOf(text.trim()) : new Date(Math.max(0, now - ago))
  if (time === undefined) throw new InvalidArgumentError(expected)
  return time
}

const pattern = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/

function dateOf(text: string): Date | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [year, month, day] = match.slice(1, 4).map(Number)
  // A date alone would be one of UTC, and the 31st of February one of March.
  const time = new Date(match[4] === undefined ? `${text}T00:00` : text.replace(' ', 'T'))
  const last = new Date(year ?? 0, month ?? 0, 0).getDate()
  return Number.isNaN(time.getTime()) || (day ?? 0) > last || time.getTime() < 0 ? undefined : time
}
