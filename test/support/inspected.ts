import { createActor, type AnyActorLogic, type AnyStateMachine, type InputFrom, type SimulatedClock } from 'xstate'
import { createInspection, type Inspection, type InspectionParts } from '../../src/inspection.ts'
import type { Sink } from '../../src/protocol/calls.ts'
import type { ActorRow, InspectionItem, InspectionRecord } from '../../src/protocol/inspection.ts'

/** A system of actors of any machines, with an inspection of its own. */
export function inspected<T extends AnyActorLogic>(
  logic: T,
  input?: InputFrom<T>,
  parts: Partial<InspectionParts> = {},
  { clock }: { readonly clock?: SimulatedClock } = {},
) {
  const errors: unknown[] = []
  const inspection = createInspection({
    directory: { observe() {} },
    run: 'one',
    itemsInTurn: Infinity,
    onError: (error) => errors.push(error),
    ...parts,
  })
  const root = createActor(logic as unknown as AnyStateMachine, {
    inspect: inspection.inspect,
    input,
    ...(clock && { clock }),
  })
  root.subscribe({ error() {} })
  return {
    inspection,
    root,
    errors,
    /** All records that are still kept. */
    records: (): InspectionRecord[] => readAll(inspection),
    rows: (): ActorRow[] => present(inspection),
  }
}

/** What a watcher hears at once. */
function heard(inspection: Inspection, history: number): InspectionItem[] {
  const items: InspectionItem[] = []
  const sink: Sink = { room: () => undefined, item: (item) => items.push(item as InspectionItem), end() {} }
  const cancel = inspection.watch({ after: null, history }, sink)
  cancel()
  return items
}
const present = (inspection: Inspection): ActorRow[] =>
  heard(inspection, 0).flatMap((item) => (item.type === 'actors' ? item.actors : []))
const readAll = (inspection: Inspection): InspectionRecord[] =>
  heard(inspection, 100_000).flatMap((item) => (item.type === 'records' ? item.records : []))

export type Rows = Map<string, ActorRow>

export const rowsById = (rows: readonly ActorRow[]): Rows => new Map(rows.map((row) => [row.id, row]))

const standing = ({ id, address, name, parent, chart, logic, events }: ActorRow) => ({
  id,
  ...(address !== undefined && { address }),
  ...(name !== undefined && { name }),
  ...(parent !== undefined && { parent }),
  ...(chart !== undefined && { chart }),
  ...(logic !== undefined && { logic }),
  events,
})

function put(rows: Rows, id: string, change: (row: ActorRow) => ActorRow): void {
  const row = rows.get(id)
  if (row !== undefined) rows.set(id, change(row))
}

/** What a reader makes of a record that comes after what he knows. */
export function forwards(rows: Rows, record: InspectionRecord): void {
  switch (record.type) {
    case 'actor':
      rows.set(record.actor.id, record.actor)
      return
    case 'event':
      return put(rows, record.to, (row) => ({ ...row, events: row.events + 1 }))
    case 'step':
      return put(rows, record.actor, (row) => ({ ...standing(row), ...record.is }))
    case 'ended':
      rows.delete(record.actor.id)
      return
    case 'named':
      return put(rows, record.actor, ({ name: _, ...row }) => ({ ...row, address: record.is }))
    case 'ignored':
  }
}

/** The same record taken back. */
export function backwards(rows: Rows, record: InspectionRecord, nameOf: (id: string) => string | undefined): void {
  switch (record.type) {
    case 'actor':
      rows.delete(record.actor.id)
      return
    case 'event':
      return put(rows, record.to, (row) => ({ ...row, events: row.events - 1 }))
    case 'step':
      return put(rows, record.actor, (row) => ({ ...standing(row), ...record.was }))
    case 'ended': {
      const { end: _, ...row } = record.actor
      rows.set(row.id, row)
      return
    }
    case 'named':
      return put(rows, record.actor, ({ address: _, ...row }) => {
        const name = nameOf(row.id)
        return record.was === undefined ? { ...row, ...(name !== undefined && { name }) } : { ...row, address: record.was }
      })
    case 'ignored':
  }
}
