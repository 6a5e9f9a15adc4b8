import type { ActorRow, InspectionItem, InspectionRecord } from '../../protocol/inspection.ts'
import { limits } from '../../protocol/limits.ts'
import { call, watch, type Draft } from './state.ts'
import type { Tongue } from './tongue.ts'

/** What the stream tells becomes entries that are to be told, in the same order. */

/** Is there, or is now: an actor that there are words and room for. */
function takeActor(draft: Draft, tongue: Tongue, row: ActorRow): boolean {
  if (row.parent === undefined) draft.root ??= row.id
  if (row.end !== undefined || !tongue.shows(row)) return false
  if (draft.actors.has(row.id)) return true
  if (draft.actors.size >= limits.publishedActors) {
    draft.leftOut++
    return false
  }
  draft.actors.set(row.id, { row, context: {}, contextAt: null, told: false, last: null, children: [] })
  if (row.chart !== undefined && !draft.charts.has(row.chart)) {
    draft.charts.set(row.chart, undefined)
    call(draft, 'inspection.chart', { hash: row.chart }, { type: 'chart', hash: row.chart })
  }
  return true
}

function wantContext(draft: Draft, { id, chart }: ActorRow): void {
  if (chart !== undefined) draft.wanted.push(id)
}

function begin(draft: Draft, item: Extract<InspectionItem, { type: 'begin' }>): void {
  draft.at = item.at
  if (item.resumed) return
  draft.expected = item.actors
  draft.seen = new Set()
  draft.leftOut = 0
  // What was not told yet is in the present.
  draft.outbox = []
  draft.wanted = []
  for (const [id, { told }] of draft.actors) if (!told) draft.actors.delete(id)
  // An answer that is still under way tells how things were before.
  for (const [corr, { type }] of draft.calls) if (type === 'contexts') draft.calls.delete(corr)
  if (item.actors === 0) settle(draft)
}

/** All of the present is known: who has not come in it has gone. */
function settle(draft: Draft): void {
  for (const id of draft.actors.keys()) if (draft.seen?.has(id) !== true) draft.outbox.push({ type: 'gone', id, at: draft.at })
  draft.seen = null
}

function takePresent(draft: Draft, tongue: Tongue, rows: readonly ActorRow[]): void {
  for (const row of rows) {
    const before = draft.actors.get(row.id)
    if (!takeActor(draft, tongue, row)) continue
    draft.seen?.add(row.id)
    if (before?.told !== true) draft.outbox.push({ type: 'actor', row, at: draft.at })
    // Who took no event meanwhile is as he was.
    else if (before.row.events !== row.events || before.row.state !== row.state) {
      draft.actors.set(row.id, { ...before, contextAt: null })
      draft.outbox.push({ type: 'now', row, at: draft.at })
    } else continue
    wantContext(draft, row)
  }
  draft.expected -= rows.length
  if (draft.expected <= 0 && draft.seen !== null) settle(draft)
}

function takeRecord(draft: Draft, tongue: Tongue, record: InspectionRecord): void {
  switch (record.type) {
    case 'actor': {
      if (draft.actors.has(record.actor.id) || !takeActor(draft, tongue, record.actor)) return
      draft.outbox.push({ type: 'actor', row: record.actor, at: record.at })
      return wantContext(draft, record.actor)
    }
    case 'named': {
      const known = draft.actors.get(record.actor)
      if (known !== undefined) draft.actors.set(record.actor, { ...known, row: { ...known.row, address: record.is } })
      return
    }
    case 'event':
    case 'step':
    case 'ended': {
      const about = record.type === 'event' ? record.to : record.type === 'step' ? record.actor : record.actor.id
      if (draft.actors.has(about)) draft.outbox.push({ type: 'record', record })
      return
    }
    case 'ignored':
  }
}

export function take(draft: Draft, tongue: Tongue, item: InspectionItem): void {
  const before = draft.leftOut
  if (item.type === 'begin') begin(draft, item)
  else if (item.type === 'actors') takePresent(draft, tongue, item.actors)
  else for (const record of item.records) takeRecord(draft, tongue, record)
  if (before === 0 && draft.leftOut > 0) {
    const because = `an inspector is told of at most ${limits.publishedActors} actors; there are more`
    draft.effects.push({ type: 'write', text: tongue.remark({ type: 'hyphae.left_out', because }) })
  }
  // Who reads too slowly for every event is told anew how things are: that needs no memory.
  if (item.type === 'records' && draft.outbox.length > limits.publishedEntries) {
    draft.outbox = []
    draft.wanted = []
    watch(draft)
  }
}

/** Asks for the next contexts, some at a time. */
export function askContexts(draft: Draft): void {
  if (draft.wanted.length === 0) return
  for (const { type } of draft.calls.values()) if (type === 'contexts') return
  const ids = draft.wanted.slice(0, limits.publishedContexts)
  draft.wanted = draft.wanted.slice(ids.length)
  call(draft, 'inspection.context', { actors: ids }, { type: 'contexts', ids })
}
