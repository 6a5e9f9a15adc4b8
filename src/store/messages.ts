import type { Damage, FactQuery, JournalRecord, Kept, RecordKind, Retention } from '../protocol/journal.ts'
import type { Tuning } from './database.ts'

/** What the main thread and the journal's thread say to each other. Values travel as JSON, made where they were given. */

/** `json` null: the record is removed. */
export interface RecordWrite {
  readonly kind: RecordKind
  readonly key: string
  readonly json: string | null
}

export interface FactWrite {
  readonly seq: number
  readonly json: string
}

/** Writes that are committed together. */
export interface Batch {
  readonly is: 'batch'
  readonly records: readonly RecordWrite[]
  readonly facts: readonly FactWrite[]
  /** Only done once it, and all before it, is on the disk. */
  readonly sync: boolean
  /** Wall clock, ms: the thread has none of its own, so that tests can set it. */
  readonly now: number
  /** Wall clock, ms: facts of before may go. */
  readonly tooOld: number
}

/**
 * What the main thread knows of the files. `now`: nothing yet, it waits for the answer. `before`: all of it. `without`: they
 * could not be read, and it has begun without; then they are set aside, because this run's numbers begin anew.
 */
export type Begun = 'now' | 'before' | 'without'

export interface OpenRequest {
  readonly is: 'open'
  readonly dir: string
  readonly retention: Retention
  readonly tuning: Tuning
  readonly now: number
  readonly begun: Begun
}

/** A read, and the figures of what is kept, answered under a number. */
export type Question =
  | { readonly is: 'read'; readonly id: number; readonly query: FactQuery }
  | { readonly is: 'kept'; readonly id: number }

export type ToThread = OpenRequest | Batch | Question | { readonly is: 'close' }

/** The answer to `open`. */
export interface OpenAnswer {
  readonly is: 'opened'
  readonly records: readonly JournalRecord[]
  readonly lastSeq: number
  /** Wall clock of the newest fact, ms; null without any. */
  readonly newest: number | null
  readonly damage: Damage | null
  /** Why it cannot be written; it is tried again with each batch. */
  readonly fault: string | null
  /** False where they could not even be read: `records` says nothing then. */
  readonly read: boolean
}

export type FromThread =
  | OpenAnswer
  | { readonly is: 'done'; readonly fault: string | null }
  | { readonly is: 'facts'; readonly id: number; readonly facts: readonly string[] }
  | { readonly is: 'kept'; readonly id: number; readonly kept: Kept | null }
  | { readonly is: 'damaged'; readonly damage: Damage }
