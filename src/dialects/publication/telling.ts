import type { ActorRow, InspectionRecord } from '../../protocol/inspection.ts'
import { parseAddress } from '../../protocol/ids.ts'
import { isRecord } from '../../protocol/json.ts'
import { limits } from '../../protocol/limits.ts'
import type { Draft, Entry, Known } from './state.ts'
import type { ShownActor, ShownEvent, Tongue } from './tongue.ts'

/** Entries become messages, in their order, as fast as the other side takes them. */

const nameOf = ({ id, name, address }: ActorRow): string => address ?? name ?? id
/** What its parent calls it. */
const shortName = ({ id, name, address }: ActorRow): string => name ?? (address === undefined ? id : parseAddress(address).key)

function shown(draft: Draft, { row, context, children }: Known, at: number): ShownActor {
  const chart = row.chart === undefined ? null : (draft.charts.get(row.chart) ?? null)
  return {
    row,
    name: nameOf(row),
    context,
    chart: chart?.chart ?? null,
    machine: chart?.machine ?? null,
    parent: row.parent !== undefined && draft.actors.has(row.parent) ? row.parent : undefined,
    root: draft.root ?? row.id,
    children: children.flatMap((id) => {
      const child = draft.actors.get(id)
      return child === undefined ? [] : [{ id, name: shortName(child.row) }]
    }),
    at,
  }
}

/** Its chart and its context are here, or never will be. */
function isReady(draft: Draft, { chart }: ActorRow, known: Known): boolean {
  return chart === undefined || (draft.charts.get(chart) !== undefined && known.contextAt !== null)
}

/** The context after a step; what it held later already stays. */
function contextAfter({ context, contextAt }: Known, { seq, changes }: Extract<InspectionRecord, { type: 'step' }>): unknown {
  if (changes === undefined || contextAt === null || seq <= contextAt || !isRecord(context)) return context
  const now = Object.entries(changes).map(([name, [, value]]) => [name, value] as const)
  return { ...context, ...Object.fromEntries(now) }
}

const payloadOf = (payload: unknown): object => (isRecord(payload) ? payload : payload === undefined ? {} : { payload })
const beginning: ShownEvent = { type: 'xstate.init' }

/** Whose state is told in full is told without its context where that is too much for one message. */
function within(known: Known, say: (known: Known) => readonly string[]): readonly string[] {
  const texts = say(known)
  if (texts.every(({ length }) => length <= limits.publishedFrame)) return texts
  const left = `left out: a message has at most ${limits.publishedFrame} characters`
  return say({ ...known, context: { left_out: left } }).filter(({ length }) => length <= limits.publishedFrame)
}

function adopt(draft: Draft, row: ActorRow): void {
  const parent = row.parent === undefined ? undefined : draft.actors.get(row.parent)
  if (parent === undefined || parent.children.includes(row.id)) return
  draft.actors.set(parent.row.id, { ...parent, children: [...parent.children, row.id] })
}

function forget(draft: Draft, row: ActorRow): void {
  draft.actors.delete(row.id)
  const parent = row.parent === undefined ? undefined : draft.actors.get(row.parent)
  if (parent === undefined) return
  draft.actors.set(parent.row.id, { ...parent, children: parent.children.filter((id) => id !== row.id) })
}

/** The messages of one entry; undefined: it has to wait for something. */
function tell(draft: Draft, tongue: Tongue, entry: Entry): readonly string[] | undefined {
  const id = entry.type === 'record' ? aboutOf(entry.record) : entry.type === 'gone' ? entry.id : entry.row.id
  const known = draft.actors.get(id)
  if (known === undefined) return []
  switch (entry.type) {
    case 'actor':
    case 'now': {
      if (!isReady(draft, entry.row, known)) return undefined
      const { address = entry.row.address } = known.row
      const row = { ...entry.row, ...(address === undefined ? {} : { address }) }
      const now = { ...known, row, told: true }
      draft.actors.set(id, now)
      adopt(draft, row)
      return within(now, (one) => {
        const actor = shown(draft, one, entry.at)
        return entry.type === 'actor' ? tongue.register(actor) : tongue.state(actor, beginning)
      })
    }
    case 'gone': {
      const texts = tongue.ended(shown(draft, known, entry.at), null)
      forget(draft, known.row)
      return texts
    }
    case 'record':
      return known.told ? tellRecord(draft, tongue, entry.record, known) : []
  }
}

const aboutOf = (record: Extract<Entry, { type: 'record' }>['record']): string =>
  record.type === 'event' ? record.to : record.type === 'step' ? record.actor : record.actor.id

function tellRecord(draft: Draft, tongue: Tongue, record: Extract<Entry, { type: 'record' }>['record'], known: Known) {
  const { at } = record
  switch (record.type) {
    case 'event': {
      const event: ShownEvent = { ...payloadOf(record.payload), type: record.event }
      draft.actors.set(record.to, { ...known, last: { seq: record.seq, event } })
      return tongue.event(shown(draft, known, at), event, record.from)
    }
    case 'step': {
      const { reason: _, ...before } = known.row
      const row: ActorRow = { ...before, ...record.is }
      const context = contextAfter(known, record)
      const now: Known = { ...known, row: { ...row, events: row.events + 1 }, context }
      draft.actors.set(record.actor, now)
      const event = known.last?.seq === record.of && known.last !== null ? known.last.event : { type: record.event }
      return within(now, (one) => tongue.state(shown(draft, one, at), event))
    }
    case 'ended': {
      const last = { ...known, row: record.actor, context: record.context ?? known.context }
      const texts = within(last, (one) => tongue.ended(shown(draft, one, at), record))
      forget(draft, record.actor)
      return texts
    }
  }
}

/** Writes what is ready, up to a breath; the rest follows when there is room for it. */
export function drain(draft: Draft, tongue: Tongue): void {
  if (draft.resting) return
  let written = 0
  let count = 0
  for (const entry of draft.outbox) {
    if (written >= limits.publishedBreath) break
    const texts = tell(draft, tongue, entry)
    if (texts === undefined) break
    count++
    for (const text of texts) {
      written += text.length
      draft.effects.push({ type: 'write', text })
    }
  }
  if (count > 0) draft.outbox = draft.outbox.slice(count)
  if (written < limits.publishedBreath) return
  draft.resting = true
  draft.effects.push({ type: 'room', id: 'room' })
}

/** Everything anew, as it was told up to now; what waits to be told follows. */
export function again(draft: Draft): void {
  const first: Entry[] = []
  for (const known of draft.actors.values()) if (known.told) first.push({ type: 'actor', row: known.row, at: draft.at })
  // What was still to be told of an earlier one is in this one: whoever asks on and on has no more waiting than whoever asks once.
  const isTold = (entry: Entry): boolean => entry.type === 'actor' && draft.actors.get(entry.row.id)?.told === true
  draft.outbox = [...first, ...draft.outbox.filter((entry) => !isTold(entry))]
}
