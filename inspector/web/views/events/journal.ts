import type { InspectionRecord } from '../../../../src/protocol/inspection.ts'
import type { Inspector } from '../../model/inspector.ts'
import { bounds } from '../bounds.ts'

/** What happened, an entry for each: an event stands together with what became of it. */

export type Step = InspectionRecord & { readonly type: 'step' }

/** sent: nobody has said yet what became of it (or its actor is no machine). */
export type Fate = 'sent' | 'taken' | 'moved' | 'ignored' | 'dead'

export interface Entry {
  readonly kind: 'event' | 'began' | 'ended' | 'named'
  readonly seq: number
  readonly at: number
  readonly actor: string
  /** Who sent it; undefined: from outside. */
  readonly from: string | undefined
  readonly event: string
  readonly payload: unknown
  fate: Fate
  /** The transition that it led to. */
  step: Step | null
}

export interface Journal {
  /** Oldest first; the same array every time. */
  readonly entries: readonly Entry[]
  /** Takes in what is new in a list that grows at its end and loses its oldest. */
  take(list: readonly InspectionRecord[]): void
}

const fateOf = ({ was, is }: Step): Fate => (was.state === is.state ? 'taken' : 'moved')

export function createJournal(): Journal {
  const entries: Entry[] = []
  /** By its number: the entry of an event that may still lead to something. */
  const events = new Map<number, Entry>()
  let last = -1

  function add(entry: Entry): void {
    entries.push(entry)
    events.set(entry.seq, entry)
  }

  function note(record: InspectionRecord): void {
    const { seq, at } = record
    const none = { from: undefined, payload: undefined, fate: 'taken' as const, step: null }
    if (record.type === 'event') {
      const { to: actor, from, event, payload, dead } = record
      add({ kind: 'event', seq, at, actor, from, event, payload, fate: dead === true ? 'dead' : 'sent', step: null })
    } else if (record.type === 'step' || record.type === 'ignored') {
      const step = record.type === 'step' ? record : null
      const fate = step === null ? 'ignored' : fateOf(step)
      const entry = record.of === undefined ? undefined : events.get(record.of)
      if (entry === undefined)
        entries.push({ ...none, kind: 'event', seq, at, actor: record.actor, event: record.event, fate, step })
      else Object.assign(entry, { fate, step })
    } else if (record.type === 'actor')
      entries.push({ ...none, kind: 'began', seq, at, actor: record.actor.id, event: 'began', payload: record.actor })
    else if (record.type === 'ended') {
      const { actor, output } = record
      entries.push({
        ...none,
        kind: 'ended',
        seq,
        at,
        actor: actor.id,
        event: `ended (${actor.end ?? 'stopped'})`,
        payload: output,
      })
    } else
      entries.push({ ...none, kind: 'named', seq, at, actor: record.actor, event: `is called ${record.is}`, payload: record.was })
  }

  return {
    entries,
    take(list) {
      const newest = list.at(-1)?.seq ?? -1
      const oldest = list[0]?.seq ?? 0
      if (newest < last) {
        entries.length = 0
        events.clear()
        last = -1
      }
      let first = list.length
      while (first > 0 && (list[first - 1]?.seq ?? -1) > last) first -= 1
      for (let index = first; index < list.length; index += 1) {
        const record = list[index]
        if (record !== undefined) note(record)
      }
      last = newest
      if ((entries[bounds.goneEntries]?.seq ?? oldest) >= oldest) return
      const gone = entries.findIndex(({ seq }) => seq >= oldest)
      for (const { seq } of entries.splice(0, gone === -1 ? entries.length : gone)) events.delete(seq)
    },
  }
}

const journals = new WeakMap<Inspector, Journal>()

/** One for all views of a page. */
export function journalOf(inspector: Inspector): Journal {
  const journal = journals.get(inspector) ?? createJournal()
  journals.set(inspector, journal)
  return journal
}

/** Those of a journal that pass, kept up with it at the cost of what is new. */
export function createSelection(accepts: (entry: Entry) => boolean) {
  let chosen: Entry[] = []
  let settled = -1
  return (entries: readonly Entry[]): readonly Entry[] => {
    const oldest = entries[0]?.seq ?? 0
    if ((entries.at(-1)?.seq ?? -1) < settled) {
      chosen = []
      settled = -1
    }
    while ((chosen.at(-1)?.seq ?? -1) > settled) chosen.pop()
    let from = entries.length
    while (from > 0 && (entries[from - 1]?.seq ?? -1) > settled) from -= 1
    for (let index = from; index < entries.length; index += 1) {
      const entry = entries[index]
      if (entry !== undefined && accepts(entry)) chosen.push(entry)
    }
    settled = entries.at(-1 - bounds.unsettledEntries)?.seq ?? -1
    if ((chosen[bounds.goneEntries]?.seq ?? oldest) < oldest) chosen = chosen.filter(({ seq }) => seq >= oldest)
    return chosen
  }
}
