import { actorsTable } from '../render/actors.ts'
import { explainLines } from '../render/explain.ts'
import { plain } from '../render/paint.ts'
import { fit } from './cells.ts'
import { bare, bottomOf, linesInSight } from './log-scroll.ts'
import type { ScreenLook } from './look.ts'
import type { LogsView, Model } from './model.ts'

/** What stands in place of the table. Each has a title, and below it the part that is in sight. */

export const helpLines: readonly string[] = [
  'In the table',
  '  up, down, j, k       select; PgUp, PgDn, Home, End: further',
  '  /                    show only what has this in its name or status; Esc shows all again',
  '  s, S                 sort by the next or the last: config, name, status, cpu, memory, restarts, uptime',
  '  r, x, t              restart, stop, start what is selected, a whole group too',
  '  R                    restart everything that is shown, after a question',
  '  l, Enter             its logs, live',
  '  e                    why it is as it is: its policy, what it needs, its restarts with their reasons',
  '  m                    all actors, with phase and state',
  '  q, Ctrl-C            quit; the services go on. Ctrl-Z: into the background',
  '',
  'In the logs',
  '  f                    stop where it is, or go on with each new line',
  '  up, down, PgUp, PgDn scroll; End follows again; left, right: long lines',
  '  /                    find a text above; n, N: the older, the newer one',
  '  r, x, t              restart, stop, start the service',
  '  Esc                  back to the table, from everywhere',
  '',
  'Only what your role permits is offered. Before something is stopped that others depend on there is a question.',
]

export interface Pane {
  readonly title: string
  readonly lines: readonly string[]
}

/** Explanation, actors and help as a whole; undefined for what is no text. */
export function textOf(model: Model, width: number, { paint, now }: ScreenLook): Pane | undefined {
  const { view } = model
  switch (view.type) {
    case 'explain': {
      const { of, explanation } = view
      return {
        title: `explain ${of}`,
        lines: explanation === undefined ? ['…'] : explainLines(explanation, now, { width, paint }),
      }
    }
    case 'actors': {
      const all = [...model.actors.values()].sort((a, b) => (a.address < b.address ? -1 : 1))
      return { title: `actors (${all.length})`, lines: actorsTable(all, now, { width, paint }) }
    }
    case 'help':
      return { title: 'help', lines: helpLines }
    case 'table':
    case 'logs':
      return undefined
  }
}

/** How far a text of so many lines can be scrolled. */
export const lastOffset = (lines: number, height: number): number => Math.max(0, lines - height)

/** A line with what is looked for marked; its own colours would hide the mark. */
function marked(line: string, wanted: string, paint: ScreenLook['paint']): string {
  const text = bare(line)
  const at = wanted === '' ? -1 : text.toLowerCase().indexOf(wanted.toLowerCase())
  if (at < 0) return line
  const end = at + wanted.length
  return text.slice(0, at) + paint('inverse', text.slice(at, end)) + text.slice(end)
}

function logsPane(view: LogsView, width: number, height: number, { paint }: ScreenLook): Pane {
  const shown = linesInSight(view, height)
  const below = view.first + view.lines.length - bottomOf(view, height)
  const where = view.follow ? 'following' : `paused, ${below} below`
  const shifted = view.shift === 0 ? '' : `, from column ${view.shift + 1}`
  const looked = view.search === '' ? '' : `, "${view.search}"`
  const lines = shown.map((line) => fit(marked(line, view.search, paint), width, { from: view.shift }))
  return {
    title: `logs of ${view.of} (${where}${shifted}${looked})`,
    lines: lines.length === 0 ? [paint('dim', 'no lines yet')] : lines,
  }
}

/** The title and at most `height` lines. */
export function paneLines(model: Model, width: number, height: number, look: ScreenLook): readonly string[] {
  const { view, link } = model
  const { paint } = look
  const dim = link.state === 'lost' && view.type !== 'help'
  const inner = dim ? { ...look, paint: plain } : look
  const text = textOf(model, width, inner)
  const { title, lines } = ((): Pane => {
    if (view.type === 'logs') return logsPane(view, width, height, look)
    if (text === undefined || !('offset' in view)) return { title: '', lines: [] }
    const from = Math.min(view.offset, lastOffset(text.lines.length, height))
    return { title: text.title, lines: text.lines.slice(from, from + height) }
  })()
  return [paint('bold', title), ...(dim && view.type !== 'logs' ? lines.map((line) => paint('dim', line)) : lines)]
}
