/** Times, states and events as people say them. */

/** How long ago something was, as short as people say it: `now`, `42 s`, `5 min`, `3 h`, `2 d`. */
export function ageOf(since: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - since) / 1_000))
  if (seconds < 1) return 'now'
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** The time of day of a wall clock, ms, to the second: `09:05:59`. */
export const timeOf = (at: number): string => new Date(at).toLocaleTimeString('en-GB')

/** The same to the millisecond. */
export const exactTimeOf = (at: number): string => `${timeOf(at)}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`

/** The time of day, to the millisecond, and the day where it is not today's. */
export function clockOf(at: number, now: number = Date.now()): string {
  const date = new Date(at)
  const time = exactTimeOf(at)
  return date.toDateString() === new Date(now).toDateString() ? time : `${date.toISOString().slice(0, 10)} ${time}`
}

/** The states without those around them: `live.running.healthy` is `healthy`, regions stay apart. */
export const leafOf = (state: string): string =>
  state
    .split(',')
    .map((region) => region.slice(region.lastIndexOf('.') + 1))
    .join(', ')

/** An event as people call it: XState's own ones name whole paths. */
export function eventWords(event: string): string {
  if (event === 'xstate.init') return 'begin'
  const [, how, what = ''] = /^xstate\.(after|done\.actor|error\.actor)\.([^.]+)/.exec(event) ?? []
  if (how === 'after') return /^\d+$/.test(what) ? `after ${what} ms` : `after ${what}`
  if (how === 'done.actor') return `${what} ended`
  return how === 'error.actor' ? `${what} failed` : event
}
