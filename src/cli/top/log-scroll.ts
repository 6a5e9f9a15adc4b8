import { limits } from '../../protocol/limits.ts'
import { widthOf } from './cells.ts'
import type { LogsView } from './model.ts'

/** Where one is in the lines of the logs pane. Lines are numbered, so what is in sight stays when old ones go. */

export const openLogs = (of: string): LogsView => ({
  type: 'logs',
  of,
  first: 0,
  lines: [],
  follow: true,
  at: 0,
  shift: 0,
  search: '',
})

const endOf = ({ first, lines }: LogsView): number => first + lines.length

/** Where the first page ends. */
const firstPage = ({ first, lines }: LogsView, height: number): number => first + Math.min(height, lines.length)

/** The number of the line below the last one in sight. */
export function bottomOf(view: LogsView, height: number): number {
  if (view.follow) return endOf(view)
  // Once old lines have gone, those in sight may be among them.
  const least = view.first === 0 ? 0 : firstPage(view, height)
  return Math.max(least, Math.min(view.at, endOf(view)))
}

/** The lines in sight. */
export function linesInSight(view: LogsView, height: number): readonly string[] {
  const bottom = bottomOf(view, height) - view.first
  return view.lines.slice(Math.max(0, bottom - height), bottom)
}

export function withLines(view: LogsView, more: readonly string[]): LogsView {
  const lines = [...view.lines, ...more]
  const gone = Math.max(0, lines.length - limits.topLogLines)
  return { ...view, lines: lines.slice(gone), first: view.first + gone }
}

/** So many lines down, or up; whoever comes to the end follows again. */
export function scrolled(view: LogsView, by: number, height: number): LogsView {
  const at = bottomOf(view, height) + by
  if (at >= endOf(view)) return { ...view, follow: true }
  return { ...view, follow: false, at: Math.max(firstPage(view, height), at) }
}

export const paused = (view: LogsView): LogsView =>
  view.follow ? { ...view, follow: false, at: endOf(view) } : { ...view, follow: true }

// oxlint-disable-next-line no-control-regex
const styles = /\u001B\[[\d;:]*m/g
export const bare = (line: string): string => line.replaceAll(styles, '')

/** To the next line that has the text, upwards or downwards from the one at the bottom; undefined where there is none. */
export function found(view: LogsView, direction: 'up' | 'down', fresh: boolean, height: number): LogsView | undefined {
  const wanted = view.search.toLowerCase()
  const step = direction === 'up' ? -1 : 1
  const start = bottomOf(view, height) - view.first - 1 + (fresh ? 0 : step)
  for (let at = start; at >= 0 && at < view.lines.length; at += step) {
    const text = bare(view.lines[at] ?? '')
    const place = text.toLowerCase().indexOf(wanted)
    if (place < 0) continue
    // What was found must be in sight, also far to the right.
    const column = widthOf(text.slice(0, place))
    const inSight = column >= view.shift && column < view.shift + 40
    return { ...view, follow: false, at: view.first + at + 1, shift: inSight ? view.shift : Math.max(0, column - 20) }
  }
  return undefined
}
