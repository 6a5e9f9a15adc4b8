import type { ActorRow, InspectionRecord } from '../../../src/protocol/inspection.ts'
import { bounds } from './bounds.ts'
import { backwards, forwards, subjectOf } from './fold.ts'
import { createRecordStore } from './record-store.ts'

/** The present, the records that led to it, and the past moment that is shown instead, where one is. */

type Step = InspectionRecord & { readonly type: 'step' }

export interface Present {
  readonly run: string
  readonly seq: number
  /** Wall clock of the orchestrator, ms. */
  readonly at: number
  readonly actors: readonly ActorRow[]
}

export type Timeline = ReturnType<typeof createTimeline>

export function createTimeline(most?: number, slack?: number) {
  const present = new Map<string, ActorRow>()
  const store = createRecordStore(most, slack)
  const lastSteps = new Map<string, Step>()
  const lastActivity = new Map<string, number>()
  /** Who has ended, the first first. */
  const ended = new Set<string>()
  const forgotten = new Map<string, ActorRow>()
  let run = ''
  let seq = 0
  let at = 0
  let past: { readonly actors: Map<string, ActorRow>; seq: number; readonly dropped: Set<string> } | null = null

  function forget(touched: Set<string>): void {
    for (const id of ended) {
      if (ended.size <= bounds.endedActors) return
      ended.delete(id)
      const row = present.get(id)
      present.delete(id)
      lastSteps.delete(id)
      lastActivity.delete(id)
      touched.add(id)
      past?.dropped.add(id)
      if (row !== undefined) forgotten.set(id, row)
      if (forgotten.size > bounds.forgottenNames) forgotten.delete(forgotten.keys().next().value ?? '')
    }
  }
  function note(record: InspectionRecord): void {
    if (record.type === 'step') lastSteps.set(record.actor, record)
    if (record.type === 'ended') ended.add(record.actor.id)
    else if (record.type !== 'ignored') lastActivity.set(subjectOf(record), record.at)
  }
  /** The number before the first known record: further back nothing is known. */
  const oldest = (): number => (store.list[0]?.seq ?? seq + 1) - 1

  function take(record: InspectionRecord, touched: Set<string>): void {
    if (record.seq <= (store.list.at(-1)?.seq ?? -1)) return
    if (record.seq <= seq) {
      // It tells how the present came to be: only who had ended before is not among those who were told.
      if (record.type === 'ended' && !present.has(record.actor.id)) present.set(record.actor.id, record.actor)
    } else {
      forwards(present, record)
      seq = record.seq
      at = record.at
    }
    store.add(record)
    note(record)
    touched.add(subjectOf(record))
  }
  /** Folds what is shown of the past to another moment. */
  function move(from: { readonly actors: Map<string, ActorRow>; seq: number }, to: number): ReadonlySet<string> {
    const touched = new Set<string>()
    const goal = store.upTo(to)
    let index = store.upTo(from.seq)
    for (; index < goal; index++) {
      const record = store.list[index]
      if (record === undefined) break
      forwards(from.actors, record)
      touched.add(subjectOf(record))
    }
    for (; index > goal; index--) {
      const record = store.list[index - 1]
      if (record === undefined) break
      backwards(from.actors, record)
      touched.add(subjectOf(record))
    }
    from.seq = to
    return touched
  }

  return {
    get run(): string {
      return run
    },
    /** The number of the last record that is known. */
    get seq(): number {
      return seq
    },
    get at(): number {
      return at
    },
    get oldest(): number {
      return oldest()
    },
    present: present as ReadonlyMap<string, ActorRow>,
    records: store.list,
    upTo: store.upTo,
    /** Everything anew. */
    begin(now: Present): void {
      for (const map of [present, lastSteps, lastActivity, ended, forgotten]) map.clear()
      store.clear()
      run = now.run
      seq = now.seq
      at = now.at
      past = null
      for (const row of now.actors) {
        present.set(row.id, row)
        if (row.end !== undefined) ended.add(row.id)
      }
    },
    /** Records in their order; those that are known already are passed over. */
    add(records: readonly InspectionRecord[]): ReadonlySet<string> {
      const touched = new Set<string>()
      for (const record of records) take(record, touched)
      forget(touched)
      return touched
    },
    /** Shows the fleet as it was after a record; null: as it is. Answers whose rows are others now; null: all. */
    show(moment: number | null): ReadonlySet<string> | null {
      // The records between what was shown and now have been dropped, so the way there is from the present alone.
      const isCutOff = past !== null && past.seq < oldest()
      if (isCutOff) past = null
      if (moment === null) {
        const touched = new Set(past?.dropped)
        const from = past === null ? store.list.length : store.upTo(past.seq)
        for (let index = from; index < store.list.length; index++) {
          const record = store.list[index]
          if (record !== undefined) touched.add(subjectOf(record))
        }
        past = null
        return isCutOff ? null : touched
      }
      past ??= { actors: new Map(present), seq, dropped: new Set() }
      const touched = move(past, Math.min(Math.max(moment, oldest()), seq))
      return isCutOff ? null : touched
    },
    shown: () => (past === null ? { actors: present as ReadonlyMap<string, ActorRow>, seq } : past),
    /** The actors as they stood after a record: a map of one's own. */
    actorsAt(moment: number): ReadonlyMap<string, ActorRow> {
      const copy = { actors: new Map(present), seq }
      move(copy, moment)
      return copy.actors
    },
    lastStep(actor: string): Step | undefined {
      if (past === null) return lastSteps.get(actor)
      for (let index = store.upTo(past.seq) - 1; index >= 0; index--) {
        const record = store.list[index]
        if (record?.type === 'step' && record.actor === actor) return record
      }
      return undefined
    },
    /** When something last happened to it, wall clock, ms. */
    activityOf: (actor: string): number | undefined => lastActivity.get(actor),
    /** One that is not listed any more. */
    formerly: (actor: string): ActorRow | undefined => forgotten.get(actor),
  }
}
