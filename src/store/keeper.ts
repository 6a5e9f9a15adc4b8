import { isNoRoom, messageOf } from '../protocol/errors.ts'
import type { Damage, Kept } from '../protocol/journal.ts'
import { filesIn } from './files.ts'
import type { Batch, OpenAnswer, OpenRequest } from './messages.ts'
import { open, type Opening, openWithout } from './opening.ts'
import { type Read, readFacts } from './reading.ts'
import { readRaw } from './scan.ts'
import { type DatabaseSync, isFull } from './sqlite.ts'
import { createWriter, type Writer } from './writer.ts'
import type { FactQuery } from '../protocol/journal.ts'

/** Keeps one database open, and opens it again where something went wrong with it. */
export interface Keeper {
  begin(): OpenAnswer
  /** Why the batch was not committed; null when it was. */
  commit(batch: Batch): string | null
  tidy(): void
  read(query: FactQuery): Promise<readonly string[]>
  kept(): Kept | null
  close(): void
}

/** `tell` hears of damage found later than at the start. */
export function createKeeper(request: OpenRequest, tell: (damage: Damage) => void): Keeper {
  const files = filesIn(request.dir)
  const { retention, tuning } = request
  let { begun } = request
  let held: { readonly db: DatabaseSync; readonly writer: Writer } | undefined

  const opened = (now: number): Opening => {
    const opening = (begun === 'without' ? openWithout : open)(files, tuning, now)
    try {
      held = { db: opening.db, writer: createWriter(opening.db, files.wal, opening.loaded, retention) }
    } catch (error) {
      opening.db.close()
      throw error
    }
    begun = 'before'
    return opening
  }
  const letGo = (): void => {
    const { db } = held ?? {}
    held = undefined
    try {
      db?.close()
    } catch {
      // It was closed by the same failure.
    }
  }
  const faultOf = (error: unknown): string =>
    `the journal ${files.db} cannot be written: ${messageOf(error)}; ${cureOf(error)}, and it goes on by itself`
  /** What stands in the files, where they can be read though not opened. */
  const unopened = (error: unknown): OpenAnswer => {
    const fault = faultOf(error)
    try {
      if (begun === 'without') throw error
      const found = readRaw([files.db, files.wal, files.rebuilt].map((path) => ({ path })))
      begun = 'before'
      return { is: 'opened', ...found, damage: null, fault, read: true }
    } catch {
      if (begun === 'now') begun = 'without'
      return { is: 'opened', records: [], lastSeq: 0, newest: null, damage: null, fault, read: false }
    }
  }

  return {
    begin() {
      try {
        const { records, loaded, damage } = opened(request.now)
        const { lastSeq } = loaded.facts
        return { is: 'opened', records, lastSeq, newest: held?.writer.shelf.newest() ?? null, damage, fault: null, read: true }
      } catch (error) {
        return unopened(error)
      }
    },
    commit(batch) {
      try {
        const found = held ? null : opened(batch.now).damage
        if (found) tell(found)
        held?.writer.commit(batch)
        return null
      } catch (error) {
        // Anything but a full disk may have to do with the open file: opened again, all of it is verified.
        if (!isFull(error)) letGo()
        return faultOf(error)
      }
    },
    tidy: () => held?.writer.tidy(),
    async read(query) {
      if (!held) return []
      const { facts, wrong }: Read = await readFacts(held.db, query)
      // The next commit opens it again, finds the damage, saves the rest and tells.
      if (wrong > 0) letGo()
      return facts
    },
    kept: () => held?.writer.shelf.kept() ?? null,
    close() {
      try {
        held?.db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } catch {
        // The log stays, and is read at the next start.
      }
      letGo()
    },
  }
}

const cureOf = (error: unknown): string =>
  isFull(error) || isNoRoom(error) ? 'free space there' : 'make it possible to write there again'
