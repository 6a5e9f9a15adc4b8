import { chmodSync, closeSync, openSync, readSync, renameSync } from 'node:fs'
import { limits } from '../protocol/limits.ts'
import { type Files, keepName, removeDraft } from './files.ts'
import { DatabaseSync } from './sqlite.ts'

/** Knobs for tests and benches. */
export interface Tuning {
  /** The database never grows beyond so many pages; then SQLite says that the disk is full. */
  readonly maxPageCount?: number
  /** How long until a fault is looked at again, ms. */
  readonly retry?: number
  /** How long a write may take before the disk counts as one that does not answer, ms. */
  readonly stall?: number
}

/** Bytes. Twice the usual size: then a row of a usual record or fact never continues on another page. */
export const pageBytes = 8_192
/** Changes with the tables below. */
const format = 1
/** "hyph": says in the file's header whose it is. */
const ours = 0x68797068

/**
 * Rows are sealed texts and nothing else: no second copy of a field that could disagree, no index that could be damaged, no
 * row longer than a page. `head` repeats the version of a record.
 */
const tables = `
  CREATE TABLE record(id INTEGER PRIMARY KEY, head TEXT, sealed TEXT NOT NULL);
  CREATE TABLE fact(id INTEGER PRIMARY KEY, sealed TEXT NOT NULL);
`

/** Opens the database as the only one who ever does. Throws where it is damaged, of another make, or cannot be written. */
export function connect(path: string, { maxPageCount }: Tuning = {}): DatabaseSync {
  checkHeader(path)
  const db = new DatabaseSync(path, { timeout: 0 })
  try {
    configure(db)
    // A limit below the present size would be ignored by itself; nothing to do then.
    if (maxPageCount !== undefined) db.exec(`PRAGMA max_page_count=${maxPageCount}`)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * Exclusive before anything is read: then the index of the log is in memory and there is no -shm file, which is mapped and
 * would end the process (SIGBUS) on a full tmpfs. Pages given back are overwritten, so that raw bytes hold little of the past.
 * They are used again, so the file stays as large as the facts may be; auto_vacuum would add pages that can be damaged.
 */
function configure(db: DatabaseSync): void {
  db.exec(`
    PRAGMA locking_mode=EXCLUSIVE;
    PRAGMA journal_mode=WAL;
    PRAGMA wal_autocheckpoint=0;
    PRAGMA journal_size_limit=${limits.journalWalBytes};
    PRAGMA secure_delete=ON;
    PRAGMA cell_size_check=ON;
    PRAGMA mmap_size=0;
    PRAGMA cache_size=-1024;
    PRAGMA synchronous=NORMAL;
  `)
}

/** Fills a new database aside; `publish` gives it its name. So no file of that name is ever without its tables. */
export function createAside(files: Files, fill: (db: DatabaseSync) => void): void {
  removeDraft(files)
  closeSync(openSync(files.draft, 'wx', 0o600))
  const db = new DatabaseSync(files.draft, { timeout: 0 })
  try {
    db.exec(`PRAGMA page_size=${pageBytes}`)
    configure(db)
    db.exec('PRAGMA synchronous=FULL')
    db.exec(`BEGIN; PRAGMA application_id=${ours}; PRAGMA user_version=${format}; ${tables} COMMIT`)
    fill(db)
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    db.close()
  }
}

export function publish(files: Files, name: string): void {
  renameSync(files.draft, name)
  keepName(files.dir)
}

/**
 * SQLite believes most fields of the header: another text encoding makes all texts garbage, a higher write version makes the
 * file read-only. All of them are constant for us.
 */
function checkHeader(path: string): void {
  const header = Buffer.alloc(100)
  const file = openSync(path, 'r')
  const length = readSync(file, header, 0, header.length, 0)
  closeSync(file)
  const right =
    length === header.length &&
    header.toString('latin1', 0, 16) === 'SQLite format 3\0' &&
    header.readUInt16BE(16) === pageBytes &&
    header.subarray(18, 24).equals(Buffer.from([2, 2, 0, 64, 32, 32])) &&
    header.readUInt32BE(44) === 4 &&
    header.readUInt32BE(52) === 0 &&
    header.readUInt32BE(56) === 1 &&
    header.readUInt32BE(60) === format &&
    header.readUInt32BE(64) === 0 &&
    header.readUInt32BE(68) === ours
  if (!right) throw new Error('its header is damaged or not that of a journal')
  chmodSync(path, 0o600)
}
