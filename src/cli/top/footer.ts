import type { Style } from '../render/paint.ts'
import { printable, wrapped } from '../render/text.ts'
import { fit, widthOf } from './cells.ts'
import { tall } from './layout.ts'
import type { ScreenLook } from './look.ts'
import { may, type Action, type Model, type Size } from './model.ts'
import { rowsOf, selectedAt } from './rows.ts'

/** The last two lines: what goes on, and the keys. */

const doing: Readonly<Record<Action, string>> = { start: 'starting', stop: 'stopping', restart: 'restarting' }

/** The first that is under way, how it stands, and how many more there are. */
function progress({ working, fleet }: Model): string | undefined {
  const [first, ...others] = working
  const [name = '', ...rest] = first?.services ?? []
  if (first === undefined) return undefined
  const status = fleet?.services[name]
  const reason = status?.reason == null ? '' : `, ${status.reason}`
  const many = rest.length === 0 ? '' : ` and ${rest.length} more`
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  return `${doing[first.action]} ${name}${many}${status === undefined ? '' : `: ${status.state}${reason}`}${more}`
}

/** What there is to say: a question first, then what is typed, what is under way, what was told last. */
function saying(model: Model): readonly [style: Style, text: string] {
  const { question, typing, told, filter, view, sort } = model
  if (question !== undefined) return ['yellow', `${question.text} (y/n)`]
  if (typing !== undefined) return ['bold', `${typing.what}: ${typing.text}_`]
  const under = progress(model)
  if (under !== undefined) return ['cyan', under]
  if (told !== undefined) return [told.style, told.text]
  if (view.type !== 'table') return ['dim', '']
  const rows = rowsOf(model)
  const place = rows.length === 0 ? 'nothing matches' : `${selectedAt(rows, model.selected) + 1} of ${rows.length}`
  const filtered = filter === '' ? '' : `, filter "${filter}" (Esc ends it)`
  // Its line may have had no room for the whole reason.
  const chosen = rows[selectedAt(rows, model.selected)]
  const why = chosen?.status.reason == null ? '' : `  ${chosen.name}: ${chosen.status.reason}`
  return ['dim', `${place}${sort === 'config' ? '' : `, sorted by ${sort}`}${filtered}${why}`]
}

type Key = readonly [key: string, what: string, command?: string]

const acting: readonly Key[] = [
  ['r', 'restart', 'service.restart'],
  ['x', 'stop', 'service.stop'],
  ['t', 'start', 'service.start'],
]

/** As they matter: the first ones stay where there is little room. */
function keysOf({ view }: Model): readonly Key[] {
  switch (view.type) {
    case 'table':
      return [
        ['q', 'quit'],
        ['?', 'help'],
        ['l', 'logs', 'logs.follow'],
        ...acting,
        ['e', 'explain'],
        ['/', 'filter'],
        ['s', 'sort'],
        ['m', 'actors'],
        ['R', 'restart all', 'service.restart'],
      ]
    case 'logs':
      return [
        ['Esc', 'back'],
        ['f', view.follow ? 'pause' : 'follow'],
        ['/', 'search'],
        ['n N', 'older, newer'],
        ...acting,
        ['q', 'quit'],
      ]
    case 'explain':
      return [['Esc', 'back'], ['l', 'logs', 'logs.follow'], ...acting, ['q', 'quit']]
    case 'actors':
    case 'help':
      return [
        ['Esc', 'back'],
        ['q', 'quit'],
      ]
  }
}

/** Only what the role permits is offered. */
function keyLine(model: Model, columns: number, { paint, unicode }: ScreenLook): string {
  const moving: Key = [unicode ? '↑↓' : 'j k', model.view.type === 'table' ? 'select' : 'scroll']
  const permitted = [...keysOf(model), moving].filter(([, , command]) => command === undefined || may(model, command))
  let line = ''
  for (const [key, what] of permitted) {
    const next = `${line === '' ? '' : '  '}${paint('bold', key)} ${paint('dim', what)}`
    if (widthOf(line) + widthOf(next) > columns) break
    line += next
  }
  return line
}

/** Lines that a refusal may take where there is room: its end is the part that is needed. */
const mostSaid = 3

export function footerLines(model: Model, { columns, rows }: Size, look: ScreenLook): readonly string[] {
  const [style, text] = saying(model)
  // What is no news has one line, so that the table stays as high as it is.
  const said =
    style === 'dim' ? [fit(printable(text), columns)] : wrapped(printable(text), columns).slice(0, rows < tall ? 1 : mostSaid)
  return [...said.map((line) => look.paint(style, line)), keyLine(model, columns, look)]
}
