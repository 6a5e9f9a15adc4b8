import process from 'node:process'
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { HyphaeError, messageOf, systemCode } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { DatabaseSync, isBusy, isDamage } from './sqlite.ts'

/**
 * One orchestrator a state folder. Node has no file locks; SQLite has: a transaction held open, which the kernel ends with the
 * process, kill -9 included. It writes nothing, so a full disk is no obstacle.
 */
export type StateLock = { release(keepNote?: boolean): void } | { readonly heldBy: number | null }

export function lockState(dir: string): StateLock {
  const path = join(dir, 'lock.db')
  const pidPath = join(dir, 'supervisor.pid')
  let db: DatabaseSync | undefined
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    db = hold(path)
  } catch (error) {
    const why = `the state folder ${dir} cannot be locked (${path}: ${messageOf(error)}); it must be a folder that we may write to`
    throw new HyphaeError('storage', why)
  }
  if (!db) return { heldBy: holder(pidPath) }

  try {
    writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o600 })
  } catch {
    // Whoever holds the lock is then unknown, which is better than wrong.
    forget(pidPath)
  }
  let held = true
  return {
    release(keepNote = false) {
      if (!held) return
      held = false
      // Kept, it tells that somebody was here and has left something running.
      if (!keepNote) forget(pidPath)
      db.close()
    },
  }
}

/** Where it can't be removed, it stays: the process that it names will be gone. */
function forget(pidPath: string): void {
  try {
    rmSync(pidPath, { force: true, recursive: true })
  } catch {
    // A disk that takes nothing must not keep us from starting or ending.
  }
}

/** undefined: another one holds it. */
function hold(path: string): DatabaseSync | undefined {
  if (existsSync(path) && !statSync(path).isFile()) setAside(path)
  try {
    return begin(path)
  } catch (error) {
    if (isBusy(error)) return undefined
    if (!isDamage(error)) throw error
  }
  // Emptied in place, not replaced: two that find it damaged at once still meet at the same file.
  truncateSync(path)
  for (const end of ['-journal', '-wal', '-shm']) rmSync(path + end, { force: true, recursive: true })
  try {
    return begin(path)
  } catch (error) {
    if (isBusy(error)) return undefined
    throw error
  }
}

function begin(path: string): DatabaseSync {
  keepPrivate(path)
  // Of two in the same moment each stands in the other's way for an instant; without patience both would be refused.
  const db = new DatabaseSync(path, { timeout: limits.lockPatience })
  try {
    // A transaction on an empty file begins with its first page, and that with a journal; in memory, nothing is written.
    db.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Whoever may read it may lock us out. One that exists is not opened: to close it again would end a lock of our own. */
function keepPrivate(path: string): void {
  try {
    if (existsSync(path)) chmodSync(path, 0o600)
    else closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    // Another one has made it just now, or it is not ours to change: SQLite tells whether it can be used.
    if (!['EEXIST', 'EPERM', 'EROFS', 'EACCES', 'ENOSPC'].includes(systemCode(error) ?? '')) throw error
  }
}

/** Something that is no file stands in its place; nobody can hold a lock on that. */
function setAside(path: string): void {
  renameSync(path, `${path}.damaged-${new Date().toISOString().replaceAll(':', '')}`)
}

/** The process that holds the lock, as far as its note tells. */
function holder(path: string): number | null {
  let pid: number
  try {
    pid = Number(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
  return Number.isInteger(pid) && pid > 0 && isAlive(pid) ? pid : null
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Somebody else's, but there.
    return systemCode(error) === 'EPERM'
  }
}
