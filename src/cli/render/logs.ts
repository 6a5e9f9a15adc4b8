import type { LogItem } from '../../protocol/status.ts'
import type { Paint, Style } from './paint.ts'
import { harmless, printable } from './text.ts'

const colours: readonly Style[] = ['cyan', 'magenta', 'yellow', 'green', 'blue']

/** Renders lines of several services, each behind its name in a colour of its own. */
export function logGutter(names: readonly string[], { paint, safe }: { readonly paint: Paint; readonly safe: boolean }) {
  const wide = Math.max(0, ...names.map((name) => name.length))
  const places = new Map(names.map((name, at) => [name, at]))
  return ({ service, line, truncated }: LogItem): string => {
    const style = colours[(places.get(service) ?? 0) % colours.length] ?? 'cyan'
    const name = paint(style, `${printable(service).padEnd(wide)} |`)
    return `${name} ${safe ? harmless(line) : line}${truncated ? ' [cut]' : ''}`
  }
}
