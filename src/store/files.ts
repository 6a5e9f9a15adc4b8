import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../protocol/limits.ts'

/** Names of the journal's files in its folder. */
export interface Files {
  readonly dir: string
  readonly db: string
  readonly wal: string
  /** A new database that is being filled. */
  readonly draft: string
  /** A new database that is complete and takes the place of the damaged one, whatever happens in between. */
  readonly rebuilt: string
}

/** The log's name while SQLite closes a damaged database: it would delete it, with all in it that it does not see. */
const hidden = (files: Files): string => `${files.wal}.kept`

export function closeKeepingLog(files: Files, close: () => void): void {
  const there = existsSync(files.wal)
  if (there) renameSync(files.wal, hidden(files))
  try {
    close()
  } finally {
    if (there) renameSync(hidden(files), files.wal)
  }
}

/** Completes what a crash cut short in `closeKeepingLog`. */
export function unhideLog(files: Files): void {
  if (existsSync(hidden(files))) renameSync(hidden(files), files.wal)
}

export const filesIn = (dir: string): Files => ({
  dir,
  db: join(dir, 'journal.db'),
  wal: join(dir, 'journal.db-wal'),
  draft: join(dir, 'journal.draft.db'),
  rebuilt: join(dir, 'journal.rebuilt.db'),
})

/** Only its owner may enter: values hold what programs were told. */
export function prepareFolder(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
}

/** True where a damaged thing stands that is not even a file. */
export const isNoFile = (path: string): boolean => existsSync(path) && !statSync(path).isFile()

export function removeDraft({ draft }: Files): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(draft + end, { recursive: true, force: true })
}

/** Puts the complete new database in its place; goes on with it where a crash had cut it short. Answers what is set aside. */
export function takePlace(files: Files, now: number): string | undefined {
  if (!existsSync(files.rebuilt)) return undefined
  const aside = setAside(files, 'damaged', now)
  renameSync(files.rebuilt, files.db)
  keepName(files.dir)
  return aside
}

/** Moves database and write-ahead log to a name with the time in it; keeps the newest few. */
export function setAside(files: Files, why: 'damaged' | 'unread', now: number): string {
  const time = new Date(now).toISOString().replaceAll(':', '')
  let to = join(files.dir, `journal.${why}-${time}.db`)
  for (let more = 1; existsSync(to); more++) to = join(files.dir, `journal.${why}-${time}-${more}.db`)
  // The log first: a database without its log is older, a log without its database is replayed into the next one.
  if (existsSync(files.wal)) renameSync(files.wal, `${to}-wal`)
  if (existsSync(files.db)) renameSync(files.db, to)
  rmSync(`${files.db}-shm`, { recursive: true, force: true })
  rmSync(`${files.db}-journal`, { recursive: true, force: true })
  const kept = readdirSync(files.dir).filter((name) => /^journal\.(damaged|unread)-.*\.db$/.test(name))
  const timeIn = (name: string): string => name.replace(/^journal\.[a-z]+-/, '')
  const old = kept.sort((a, b) => (timeIn(a) < timeIn(b) ? 1 : -1)).slice(limits.journalDamagedKept)
  for (const name of old) for (const end of ['', '-wal']) rmSync(join(files.dir, name + end), { recursive: true, force: true })
  return to
}

/** A new name in a folder is safe from a power cut only once the folder itself is written. */
export function keepName(dir: string): void {
  const folder = openSync(dir, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
