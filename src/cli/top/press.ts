import { limits } from '../../protocol/limits.ts'
import { plain } from '../render/paint.ts'
import { countOf } from '../render/text.ts'
import { bodyHeight } from './layout.ts'
import { found, openLogs, paused, scrolled } from './log-scroll.ts'
import { lastOffset, textOf } from './pane-lines.ts'
import type { Typed } from './keys.ts'
import { may, sorts, type Action, type Effect, type LogsView, type Model, type Size, type View } from './model.ts'
import { dependantsOf, rowsOf, selectedAt, windowAt } from './rows.ts'

/** What a key makes of the screen, and what is to be done for it. */

export interface Pressed {
  readonly model: Model
  readonly effects: readonly Effect[]
}

const only = (model: Model): Pressed => ({ model, effects: [] })
const tell = (model: Model, text: string): Pressed => only({ ...model, told: { text, style: 'yellow' } })

export function press(model: Model, typed: Typed, size: Size): Pressed {
  if (typed.type === 'paste') return model.typing === undefined ? only(model) : typing(model, { paste: typed.text }, size)
  const { key } = typed
  if (key === 'ctrl-c') return { model, effects: [{ type: 'quit' }] }
  if (key === 'ctrl-z') return { model, effects: [{ type: 'suspend' }] }
  if (key === 'ctrl-l') return { model, effects: [{ type: 'redraw' }] }
  if (model.question !== undefined) return answer(model, key)
  if (model.typing !== undefined) return typing(model, { key }, size)
  return command(model, key, size)
}

function answer(model: Model, key: string): Pressed {
  const { question, ...rest } = model
  const asked = { ...rest, question: undefined }
  if (question !== undefined && (key === 'y' || key === 'Y')) return { model: asked, effects: [question.effect] }
  if (key === 'n' || key === 'N' || key === 'escape' || key === 'q') return tell(asked, 'not done')
  // Anything else may be a slip: the question stays.
  return only(model)
}

// ---- typing a filter, or what is looked for

function typing(model: Model, input: { readonly key?: string; readonly paste?: string }, size: Size): Pressed {
  const { typing: now, view } = model
  if (now === undefined) return only(model)
  const { key = '', paste } = input
  const done = { ...model, typing: undefined }
  const shown = (text: string): Pressed => {
    const typed = text.replaceAll(/\p{C}/gu, '').slice(0, limits.topTyped)
    const next = { ...model, typing: { ...now, text: typed } }
    return only(now.what === 'filter' ? { ...next, filter: typed, top: 0 } : next)
  }
  if (key === 'escape') return only(now.what === 'filter' ? { ...done, filter: now.before } : done)
  if (key === 'backspace') return shown(Array.from(now.text).slice(0, -1).join(''))
  if (key === 'enter') {
    if (now.what === 'filter') return only(done)
    if (view.type !== 'logs') return only(done)
    return search({ ...done, view: { ...view, search: now.text } }, 'up', true, size)
  }
  if (paste !== undefined) return shown(now.text + paste)
  return Array.from(key).length === 1 ? shown(now.text + key) : only(model)
}

function search(model: Model, direction: 'up' | 'down', fresh: boolean, size: Size): Pressed {
  const { view } = model
  if (view.type !== 'logs' || view.search === '') return only(model)
  const next = found(view, direction, fresh, bodyHeight(model, size))
  const where = direction === 'up' ? 'older' : 'newer'
  return next === undefined ? tell(model, `no ${where} line has "${view.search}"`) : only({ ...model, view: next })
}

// ---- commands

const views: Readonly<Record<string, View['type']>> = { l: 'logs', enter: 'logs', e: 'explain', m: 'actors', '?': 'help' }
const actions: Readonly<Record<string, Action>> = { r: 'restart', x: 'stop', t: 'start' }

function command(model: Model, key: string, size: Size): Pressed {
  const { view } = model
  if (key === 'q') return { model, effects: [{ type: 'quit' }] }
  if (key === 'escape') {
    if (view.type === 'table') return only({ ...model, filter: '', told: undefined })
    return show(model, { type: 'table' })
  }
  const moved = moves(model, key, size)
  if (moved !== undefined) return only(moved)
  const wanted = views[key]
  if (wanted !== undefined) return open(model, wanted)
  const action = actions[key]
  if (action !== undefined) return act(model, action)
  if (view.type === 'logs') return inLogs(model, view, key, size)
  if (view.type === 'table') return inTable(model, key)
  return only(model)
}

function inTable(model: Model, key: string): Pressed {
  if (key === '/') return only({ ...model, typing: { what: 'filter', text: model.filter, before: model.filter } })
  if (key === 's' || key === 'S') {
    const by = key === 's' ? 1 : -1
    const sort = sorts[(sorts.indexOf(model.sort) + by + sorts.length) % sorts.length] ?? 'config'
    return only({ ...model, sort, top: 0, told: { text: `sorted by ${sort}`, style: 'dim' } })
  }
  return key === 'R' ? restartAll(model) : only(model)
}

function inLogs(model: Model, view: LogsView, key: string, size: Size): Pressed {
  if (key === 'f') return only({ ...model, view: paused(view) })
  if (key === '/') return only({ ...model, typing: { what: 'search', text: '', before: view.search } })
  if (key === 'n') return search(model, 'up', false, size)
  return key === 'N' ? search(model, 'down', false, size) : only(model)
}

/** What the keys are about: whom the pane is about, else the selected row. */
export function subjectOf(model: Model): string | undefined {
  const { view, selected } = model
  if (view.type === 'logs' || view.type === 'explain') return view.of
  const rows = rowsOf(model)
  return rows[selectedAt(rows, selected)]?.name
}

function show(model: Model, view: View): Pressed {
  const left: readonly Effect[] = model.view.type === 'logs' ? [{ type: 'logs', of: null }] : []
  return { model: { ...model, view, told: undefined }, effects: left }
}

function open(model: Model, type: View['type']): Pressed {
  if (model.view.type === type) return type === 'logs' ? only(model) : show(model, { type: 'table' })
  if (type === 'help' || type === 'actors') return show(model, { type, offset: 0 })
  const of = subjectOf(model)
  if (of === undefined) return only(model)
  if (type === 'logs') {
    if (!may(model, 'logs.follow')) return refused(model, 'logs.follow')
    return { model: { ...model, view: openLogs(of), told: undefined }, effects: [{ type: 'logs', of }] }
  }
  if (model.fleet?.services[of] === undefined) return tell(model, `${of} is a group; choose one of its services`)
  const { effects, model: next } = show(model, { type: 'explain', of, explanation: undefined, offset: 0 })
  return { model: next, effects: [...effects, { type: 'explain', of }] }
}

const refused = (model: Model, name: string): Pressed =>
  tell(model, `not permitted: the role ${model.rights?.role ?? ''} may not use ${name}`)

function act(model: Model, action: Action): Pressed {
  const of = subjectOf(model)
  if (of === undefined || model.fleet === undefined || model.view.type === 'actors' || model.view.type === 'help')
    return only(model)
  if (!may(model, `service.${action}`)) return refused(model, `service.${action}`)
  const effect: Effect = { type: 'call', action, services: [of] }
  const touched = action === 'start' ? [] : dependantsOf(model.fleet, [of])
  if (touched.length === 0) return { model, effects: [effect] }
  return only({ ...model, told: undefined, question: { text: `${action} ${of}? ${neededBy(touched)}`, effect } })
}

const neededBy = (names: readonly string[]): string => `${names.join(', ')} ${names.length === 1 ? 'depends' : 'depend'} on it`

function restartAll(model: Model): Pressed {
  if (!may(model, 'service.restart')) return refused(model, 'service.restart')
  const services = rowsOf(model).flatMap(({ kind, name }) => (kind === 'service' ? [name] : []))
  if (services.length === 0) return tell(model, 'nothing is shown that could be restarted')
  const which = model.filter === '' ? 'every service' : `all that match "${model.filter}"`
  const text = `restart ${which}, ${countOf(services.length, 'service')}?`
  return only({ ...model, told: undefined, question: { text, effect: { type: 'call', action: 'restart', services } } })
}

// ---- moving

/** How many lines a key moves; Infinity: to the end. */
function distance(key: string, page: number): number | undefined {
  const distances: Readonly<Record<string, number>> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    pageup: -page,
    pagedown: page,
    home: -Infinity,
    g: -Infinity,
    end: Infinity,
    G: Infinity,
  }
  return Object.hasOwn(distances, key) ? distances[key] : undefined
}

/** Columns that an arrow moves the logs. */
const sideways = 16

function moves(model: Model, key: string, size: Size): Model | undefined {
  const { view } = model
  const height = bodyHeight(model, size)
  if (view.type === 'logs' && (key === 'left' || key === 'right')) {
    const shift = Math.max(0, Math.min(limits.topLogLine, view.shift + (key === 'left' ? -sideways : sideways)))
    return { ...model, view: { ...view, shift } }
  }
  const by = distance(key, Math.max(1, height - 1))
  if (by === undefined) return undefined
  if (view.type === 'logs') return { ...model, view: scrolled(view, by, height) }
  if (view.type !== 'table') {
    const lines = textOf(model, size.columns, { paint: plain, unicode: true, now: 0 })?.lines.length ?? 0
    const offset = Math.max(0, Math.min(lastOffset(lines, height), view.offset + by))
    return { ...model, view: { ...view, offset } }
  }
  const rows = rowsOf(model)
  if (rows.length === 0) return model
  const index = Math.max(0, Math.min(rows.length - 1, selectedAt(rows, model.selected) + by))
  return { ...model, selected: rows[index]?.key, top: windowAt(model.top, index, height, rows.length) }
}
