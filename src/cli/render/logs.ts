import type { LogItem } from '../../protocol/status.ts'
import type { Paint, Style } from './paint.ts'
import { harmless, printable } from './text.ts'
import { momentOf } from './time.ts'

const colours: readonly Style[] = ['cyan', 'magenta', 'yellow', 'green', 'blue']

export interface LogLook {
  readonly paint: Paint
  readonly safe: boolean
  /** Is the time shown before each line? */
  readonly times?: boolean
  /** In full: a file may be read on another day, and elsewhere. */
  readonly iso?: boolean
  /** Wall clock, ms. */
  readonly now?: number
}

/** Renders lines of several services, each behind its name in a colour of its own. */
export function logGutter(names: readonly string[], { paint, safe, times = false, iso = false, now = 0 }: LogLook) {
  const wide = Math.max(0, ...names.map((name) => name.length))
  const places = new Map(names.map((name, at) => [name, at]))
  return ({ service, line, truncated, time }: LogItem): string => {
    const style = colours[(places.get(service) ?? 0) % colours.length] ?? 'cyan'
    const name = paint(style, `${printable(service).padEnd(wide)} |`)
    const when = !times || time === null ? '' : `${iso ? time : momentOf(time, now)} `
    return `${when}${name} ${safe ? harmless(line) : line}${truncated ? ' [cut]' : ''}`
  }
}
