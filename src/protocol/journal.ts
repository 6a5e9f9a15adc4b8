import type { Fact } from './facts.ts'

/**
 * The vocabulary of the journal: what outlives the orchestrator. Records hold what is true now (newest wins), facts what
 * happened. Both are written in the order they were given; nothing is promised to be on the disk before a `sync`.
 */

/**
 * `fleet`: the one record about the fleet itself. `mode`: the one that a command chose. `service`, `group`: one each.
 * `request`: one a request id. `lockdown`: one while it is on. `health`: proves that it takes writes.
 */
export const recordKinds = ['fleet', 'service', 'group', 'request', 'mode', 'lockdown', 'health'] as const
export type RecordKind = (typeof recordKinds)[number]

export interface JournalRecord {
  readonly kind: RecordKind
  readonly key: string
  /** Plain data; whoever reads it checks its shape. */
  readonly value: unknown
}

/** Which facts to read. Oldest first, always. */
export interface FactQuery {
  /** Only facts with a higher sequence number. */
  readonly after?: number | undefined
  /** Only facts up to this sequence number. */
  readonly upTo?: number | undefined
  /** Only facts of this wall clock time or later, ms. */
  readonly since?: number | undefined
  /** Only facts about these addresses. */
  readonly about?: readonly string[] | undefined
  /** Only facts of these types. */
  readonly types?: readonly string[] | undefined
  /** At most this many, the newest of those that match. */
  readonly limit: number
}

/** How long facts are kept, ms, and how many bytes of them. */
export interface Retention {
  readonly maxAge: number
  readonly maxBytes: number
}

/** What is kept of the facts, for whoever asks why older ones are missing. */
export interface Kept extends Retention {
  /** Facts now. */
  readonly facts: number
  /** Bytes that they take, without the file's own structure. */
  readonly bytes: number
  /** Wall clock of the oldest, ISO 8601; null without facts. */
  readonly oldest: string | null
}

/** What was wrong with the file, once, when it was opened. */
export interface Damage {
  /** In words: what was found, what is lost. */
  readonly because: string
  /** Where the damaged file was set aside. */
  readonly keptAs: string
  /** Records and facts that were found and could not be read. */
  readonly lost: number
}

/** Why nothing can be written now (a full disk, say); null while all is well. */
export type JournalFault = string | null

export interface Journal {
  /** Why nothing can be written now. Queued writes are kept and tried again. */
  readonly fault: JournalFault
  /** Calls back whenever `fault` changes. */
  onFault(listener: (fault: JournalFault) => void): () => void
  /** Calls back when damage is found later than at the start: a row that went bad meanwhile, a file torn under our hands. */
  onDamage(listener: (damage: Damage) => void): () => void
  /** Queues a record; a newer one of the same kind and key takes its place. Never throws, never waits. */
  put(record: JournalRecord): void
  /** Queues the removal of a record. */
  remove(kind: RecordKind, key: string): void
  /** Queues a fact. */
  append(fact: Fact): void
  /**
   * Resolves once everything queued before is on the disk (fsync). Rejects with HyphaeError `storage` when it can't be;
   * what was queued stays queued. All who ask in the same moment share one fsync.
   */
  sync(): Promise<void>
  /** Reads facts back, those still queued included. */
  read(query: FactQuery): Promise<readonly Fact[]>
  kept(): Promise<Kept>
  /** Writes what is queued, as far as it can, and lets go of the file. */
  close(): Promise<void>
}

/** A journal and what stood in it. */
export interface Opened {
  readonly journal: Journal
  readonly records: readonly JournalRecord[]
  /** The highest sequence number of a fact, 0 without any. */
  readonly lastSeq: number
  /** null: the file was whole, or there was none. */
  readonly damage: Damage | null
}
