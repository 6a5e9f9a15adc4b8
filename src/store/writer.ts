import { statSync } from 'node:fs'
import { limits } from '../protocol/limits.ts'
import { pageBytes } from './database.ts'
import type { Loaded } from './load.ts'
import type { Batch, RecordWrite } from './messages.ts'
import { createShelf, type Shelf } from './shelf.ts'
import type { Retention } from '../protocol/journal.ts'
import { sealRecord } from './rows.ts'
import { nameOf } from './gathered.ts'
import type { DatabaseSync } from './sqlite.ts'

/** Writes batches into an open database; each is one commit, whole or not at all. */
export interface Writer {
  /** Throws when it cannot be written; then nothing of it is. */
  commit(batch: Pick<Batch, 'records' | 'facts' | 'sync' | 'tooOld'>): void
  /** Work that may wait until the commit is acknowledged. */
  tidy(): void
  readonly shelf: Shelf
}

/** A record as it stands in the database. */
interface Entry {
  readonly removed: boolean
  readonly ids: readonly number[]
}

export function createWriter(db: DatabaseSync, walPath: string, loaded: Loaded, retention: Retention): Writer {
  const entries = new Map<string, Entry>()
  /** Names of removed records, the longest removed first. */
  const removed = new Set<string>()
  let version = 0
  let nextId = 1
  for (const one of [...loaded.records.known.values()].sort((a, b) => a.version - b.version)) {
    const name = nameOf(one.kind, one.key)
    entries.set(name, { removed: one.state === 'removed', ids: one.ids })
    if (one.state === 'removed') removed.add(name)
    version = Math.max(version, one.version)
    for (const id of one.ids) nextId = Math.max(nextId, id + 1)
  }
  const shelf = createShelf(db, loaded.facts, retention)
  const put = db.prepare('INSERT OR REPLACE INTO record(id, head, sealed) VALUES(?, ?, ?)')
  const drop = db.prepare('DELETE FROM record WHERE id = ?')
  let full = false
  /** Pages written since the last checkpoint, rather too many than too few. */
  let pages = 0
  let forgettable: readonly string[] = []

  /** A version is never used twice, not even after a commit that failed: its pages may stand in the log. */
  const write = ({ kind, key, json }: RecordWrite): Entry => {
    const { head, texts } = sealRecord(kind, key, ++version, json)
    const old = entries.get(nameOf(kind, key))?.ids ?? []
    const ids = texts.map((_, at) => old[at] ?? nextId++)
    for (const [at, id] of ids.entries()) put.run(id, at === 0 ? head : null, texts[at] ?? '')
    for (const id of old.slice(texts.length)) drop.run(id)
    pages += texts.length + 1
    return { removed: json === null, ids }
  }
  const forget = (): readonly string[] => {
    const gone = forgettable.filter((name) => entries.get(name)?.removed)
    for (const name of gone) for (const id of entries.get(name)?.ids ?? []) drop.run(id)
    pages += gone.length
    return gone
  }
  const durable = (wanted: boolean): void => {
    if (wanted !== full) db.exec(`PRAGMA synchronous=${wanted ? 'FULL' : 'NORMAL'}`)
    full = wanted
  }

  return {
    shelf,
    commit({ records, facts, sync, tooOld }) {
      if (pages * pageBytes > limits.journalWalBytes) checkWal(walPath)
      durable(sync)
      db.exec('BEGIN IMMEDIATE')
      try {
        // A removal of what was never there leaves no trace.
        const real = records.filter(({ kind, key, json }) => json !== null || entries.has(nameOf(kind, key)))
        const written = real.map((one) => [nameOf(one.kind, one.key), write(one)] as const)
        const gone = forget()
        const kept = shelf.change(facts, tooOld)
        // Without a change there is no commit, and without a commit no fsync of the commits before it.
        if (sync && records.length + facts.length === 0) db.exec('PRAGMA user_version=1')
        db.exec('COMMIT')
        for (const name of gone) if (entries.delete(name)) removed.delete(name)
        for (const [name, entry] of written) {
          entries.set(name, entry)
          removed.delete(name)
          if (entry.removed) removed.add(name)
        }
        forgettable = []
        pages += 2 + kept()
      } catch (error) {
        try {
          db.exec('ROLLBACK')
        } catch {
          // SQLite has rolled back by itself.
        }
        throw error
      }
    },
    tidy() {
      const tooMany = removed.size > 2 * limits.journalTombstones
      if (!tooMany && pages * pageBytes < limits.journalWalBytes) return
      pages = 0
      try {
        // Emptied, the log holds no text of a removed record that would come back once its removal is forgotten.
        db.exec(`PRAGMA wal_checkpoint(${tooMany ? 'TRUNCATE' : 'PASSIVE'})`)
        if (tooMany) forgettable = [...removed].slice(0, removed.size - limits.journalTombstones)
      } catch {
        // What is committed is safe in the log; the next commits try again, as long as the log has room.
        pages = limits.journalWalBytes / pageBytes / 2
      }
    },
  }
}

function checkWal(path: string): void {
  const { size } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0 }
  if (size > limits.journalWalMost) throw new Error('its write-ahead log cannot be written back into it and is too long')
}
