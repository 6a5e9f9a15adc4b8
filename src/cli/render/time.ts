import { formatDuration } from '../../protocol/duration.ts'

const two = (value: number): string => String(value).padStart(2, '0')

/** Wall clock of this machine: `09:05:01`. */
export function clockOf(time: string): string {
  const date = new Date(time)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** A moment as short as it can be told: `09:05:01`, with its date where it is not of today. `now` is wall clock, ms. */
export function momentOf(time: string, now: number): string {
  const date = new Date(time)
  if (date.toDateString() === new Date(now).toDateString()) return clockOf(time)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockOf(time)}`
}

/** `3 min 20 s ago`; `now` is wall clock, ms. */
export function agoOf(time: string, now: number): string {
  const ms = now - Date.parse(time)
  return ms < 1_000 ? 'just now' : `${formatDuration(Math.floor(ms / 1_000) * 1_000)} ago`
}

/** Whole seconds as a column of a table: `42s`, `3m20s`, `2h05m`, `4d03h`. */
export function shortDuration(seconds: number): string {
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? `${hours}h${two(minutes % 60)}m` : `${Math.floor(hours / 24)}d${two(hours % 24)}h`
}
