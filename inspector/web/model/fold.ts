import type { ActorRow, InspectionRecord } from '../../../src/protocol/inspection.ts'

/** How a record changes what is known of the actors, and how it is taken back. */

type Actors = Map<string, ActorRow>
type Position = Pick<ActorRow, 'phase' | 'state' | 'since' | 'reason'>

/** Whom a record is about. */
export function subjectOf(record: InspectionRecord): string {
  switch (record.type) {
    case 'event':
      return record.to
    case 'actor':
    case 'ended':
      return record.actor.id
    case 'step':
    case 'ignored':
    case 'named':
      return record.actor
  }
}

function placed({ phase: _phase, state: _state, reason: _reason, ...rest }: ActorRow, position: Position): ActorRow {
  return { ...rest, ...position }
}

function alive({ end: _end, ...row }: ActorRow): ActorRow {
  return row
}

function named({ address: _address, ...row }: ActorRow, address: string | undefined): ActorRow {
  return address === undefined ? row : { ...row, address }
}

export function forwards(actors: Actors, record: InspectionRecord): void {
  switch (record.type) {
    case 'actor':
    case 'ended':
      actors.set(record.actor.id, record.actor)
      return
    case 'ignored':
      return
    case 'event':
    case 'step':
    case 'named':
      turn(actors, record, true)
  }
}

export function backwards(actors: Actors, record: InspectionRecord): void {
  switch (record.type) {
    case 'actor':
      actors.delete(record.actor.id)
      return
    case 'ended':
      actors.set(record.actor.id, alive(record.actor))
      return
    case 'ignored':
      return
    case 'event':
    case 'step':
    case 'named':
      turn(actors, record, false)
  }
}

function turn(actors: Actors, record: InspectionRecord & { readonly type: 'event' | 'step' | 'named' }, on: boolean): void {
  const id = subjectOf(record)
  const row = actors.get(id)
  if (row === undefined) return
  switch (record.type) {
    case 'event':
      // Who has ended counts no more.
      if (record.dead !== true) actors.set(id, { ...row, events: row.events + (on ? 1 : -1) })
      return
    case 'step':
      actors.set(id, placed(row, on ? record.is : record.was))
      return
    case 'named':
      actors.set(id, named(row, on ? record.is : record.was))
  }
}

type Step = InspectionRecord & { readonly type: 'step' }

/**
 * A context after steps (oldest first), or, with `on` false, before steps (newest first). Only records are known by name; what
 * else there is cannot be changed. It is copied once, however many steps there are.
 */
export function contextBeyond(context: unknown, steps: Iterable<Step>, on: boolean): unknown {
  if (typeof context !== 'object' || context === null || Array.isArray(context)) return context
  let turned: Map<string, unknown> | null = null
  for (const { changes } of steps) {
    if (changes === undefined) continue
    turned ??= new Map<string, unknown>(Object.entries(context))
    for (const [name, [before, after]] of Object.entries(changes)) {
      const value = on ? after : before
      if (value === undefined) turned.delete(name)
      else turned.set(name, value)
    }
  }
  return turned === null ? context : Object.fromEntries(turned)
}
