import { createAside, publish } from './database.ts'
import { type Files, takePlace } from './files.ts'
import type { Known } from './gathered.ts'
import type { Loaded } from './load.ts'
import { limits } from '../protocol/limits.ts'
import { partsOfFact, type sealFact, sealRecord } from './rows.ts'
import { scan, type Take } from './scan.ts'
import type { DatabaseSync } from './sqlite.ts'

type FactRows = ReturnType<typeof sealFact>

/** Rows that stand in the log behind what SQLite sees, and are newer than all that it sees. */
export interface Newer {
  readonly rows: number
  readonly records: readonly Known[]
  readonly facts: readonly FactRows[]
  /** Something newer is known to have been there, and cannot be read. */
  readonly lost: boolean
}

/** Reads the end of a log; what of it is news is known once the database is open. */
export function lateRows(wal: string, from: number): { newerThan(loaded: Loaded): Newer } {
  const met = new Map<number, FactRows>()
  const { records, claimed } = scan([{ path: wal, from }], (seq, rows) => met.set(seq, rows))
  return {
    newerThan({ records: present, facts: { lastSeq } }) {
      const newer = [...records.known].filter(([name, one]) => one.version > (present.known.get(name)?.version ?? 0))
      const found = newer.map(([, one]) => one)
      const facts = [...met].filter(([seq]) => seq > lastSeq).map(([, rows]) => rows)
      const unread = [...claimed].filter((seq) => seq > lastSeq && !met.has(seq)).length
      const lost = unread > 0 || found.some(({ state }) => state === 'nothing')
      return { rows: found.length + facts.length + unread, records: found, facts, lost }
    },
  }
}

/** Puts such rows where they belong. */
export function restore(db: DatabaseSync, { records, facts }: Newer): void {
  db.exec('BEGIN')
  try {
    for (const one of records) putRecord(db, one)
    const put = putFact(db)
    for (const rows of facts) put(0, rows)
    db.exec('COMMIT')
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}

/** Makes a new database of all that can be read, puts it in the place of the damaged one, and that aside. */
export function rebuild(files: Files, now: number): { readonly aside: string; readonly lost: number } {
  let lost = 0
  createAside(files, (db) => {
    db.exec('BEGIN')
    const { records, claimed } = scan([{ path: files.db }, { path: files.wal }], putFact(db))
    const known = [...records.known.values()].sort((a, b) => a.version - b.version)
    const removed = known.filter(({ state }) => state === 'removed')
    const forgotten = new Set(removed.slice(0, Math.max(0, removed.length - limits.journalTombstones)))
    for (const one of known) if (!forgotten.has(one)) putRecord(db, one)
    lost = records.lost().length + missing(db, claimed)
    db.exec('COMMIT')
  })
  publish(files, files.rebuilt)
  return { aside: takePlace(files, now) ?? '', lost }
}

/** Which of these facts are not there, though ones as old are: what is older was deleted for its age, not lost. */
function missing(db: DatabaseSync, claimed: ReadonlySet<number>): number {
  const { first } = db.prepare('SELECT min(id) AS first FROM fact').get() ?? {}
  const there = db.prepare('SELECT 1 AS there FROM fact WHERE id >= ? AND id < ?')
  const from = Number(first ?? 0)
  return [...claimed].filter((seq) => seq * partsOfFact >= from && !there.get(seq * partsOfFact, (seq + 1) * partsOfFact)).length
}

function putFact(db: DatabaseSync): Take {
  const put = db.prepare('INSERT OR REPLACE INTO fact(id, sealed) VALUES(?, ?)')
  return (_, rows) => {
    for (const { id, sealed } of rows) put.run(id, sealed)
  }
}

/** With its own version. One that is lost leaves its place as removed: an older one of it must not come back. */
function putRecord(db: DatabaseSync, { kind, key, version, state, value, ids }: Known): void {
  for (const id of ids) db.prepare('DELETE FROM record WHERE id = ?').run(id)
  const { head, texts } = sealRecord(kind, key, version, state === 'there' ? JSON.stringify(value) : null)
  const put = db.prepare('INSERT INTO record(id, head, sealed) VALUES(NULL, ?, ?)')
  for (const [at, text] of texts.entries()) put.run(at === 0 ? head : null, text)
}
