import { existsSync } from 'node:fs'
import { messageOf } from '../protocol/errors.ts'
import type { Damage, JournalRecord } from '../protocol/journal.ts'
import { connect, createAside, publish, type Tuning } from './database.ts'
import { closeKeepingLog, type Files, isNoFile, prepareFolder, setAside, takePlace, unhideLog } from './files.ts'
import { load, type Loaded } from './load.ts'
import { lateRows, rebuild, restore } from './salvage.ts'
import { type DatabaseSync, isDamage } from './sqlite.ts'
import { walTail } from './wal.ts'

export interface Opening {
  readonly db: DatabaseSync
  readonly loaded: Loaded
  readonly records: readonly JournalRecord[]
  readonly damage: Damage | null
}

/** Opens the journal of a folder, whatever is in it. Throws only where the folder or the disk is in the way. */
export function open(files: Files, tuning: Tuning, now: number): Opening {
  prepareFolder(files.dir)
  unhideLog(files)
  const completed = takePlace(files, now)
  if (!existsSync(files.db) && !existsSync(files.wal)) {
    createAside(files, () => {})
    publish(files, files.db)
  }
  const sound = tryOpen(files, tuning)
  if (typeof sound !== 'string') {
    const because = 'it was damaged, and what could be read had been saved when the last run ended'
    return { ...sound, damage: completed === undefined ? null : { because, keptAs: completed, lost: 0 } }
  }

  // Found whole here, or else the disk itself is at fault.
  const { aside, lost } = rebuild(files, now)
  const db = connect(files.db, tuning)
  const loaded = load(db)
  const because = `${sound}; ${lost === 0 ? 'nothing known is lost' : `${lost} record${lost === 1 ? '' : 's'} or facts could not be read`}`
  return { db, loaded, records: loaded.records.records(), damage: { because, keptAs: aside, lost } }
}

/** What was never read is put aside as it is: this run has begun without it, and cannot go on with it. */
export function openWithout(files: Files, tuning: Tuning, now: number): Opening {
  prepareFolder(files.dir)
  unhideLog(files)
  takePlace(files, now)
  if (existsSync(files.db) || existsSync(files.wal)) setAside(files, 'unread', now)
  return open(files, tuning, now)
}

/** The open database where all is well, else what is wrong with it. */
function tryOpen(files: Files, tuning: Tuning): Omit<Opening, 'damage'> | string {
  for (const path of [files.db, files.wal]) if (isNoFile(path)) return `${path} is not a file`
  if (!existsSync(files.db)) return 'the database is gone, its write-ahead log is there'
  const tail = walTail(files.wal)
  if (tail?.cut) return 'its write-ahead log is damaged'
  // Read before SQLite may write over it.
  const late = tail && lateRows(files.wal, tail.from)
  let db: DatabaseSync | undefined
  try {
    db = connect(files.db, tuning)
    let loaded = load(db)
    if (loaded.wrong > 0) throw new Error(`${loaded.wrong} of its rows are not as they were written`)
    const found = late?.newerThan(loaded)
    if (found && found.rows > 0) {
      // A write cut short by kill -9 looks the same, and is no damage as long as all that it brought can be read.
      if (found.lost) throw new Error('the end of its write-ahead log is damaged')
      restore(db, found)
      loaded = load(db)
    }
    if (tail) foldLog(db)
    return { db, loaded, records: loaded.records.records() }
  } catch (error) {
    const found = isDamage(error)
    if (found) closeKeepingLog(files, () => db?.close())
    else db?.close()
    if (!found) throw error
    return messageOf(error)
  }
}

/** Begins with an empty log: what stands in it now can never be taken for news. */
function foldLog(db: DatabaseSync): void {
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch (error) {
    if (isDamage(error)) throw error
  }
}
