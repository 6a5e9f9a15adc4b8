import type { Kept, Retention } from '../protocol/journal.ts'
import { limits } from '../protocol/limits.ts'
import type { Stock } from './load.ts'
import type { FactWrite } from './messages.ts'
import { timeOf } from './reading.ts'
import { partsOfFact, sealFact } from './rows.ts'
import type { DatabaseSync } from './sqlite.ts'

/** The facts: new ones are put on at one end, and taken off at the other as they get too old or too many. */
export interface Shelf {
  /**
   * Within a commit; facts of before `tooOld`, wall clock ms, may go. The answer is called once it has succeeded, and tells the
   * pages written.
   */
  change(facts: readonly FactWrite[], tooOld: number): () => number
  kept(): Kept
  /** Wall clock of the newest, ms; null without any. */
  newest(): number | null
}

/** Of a fact that cannot be read any more: the first to go. */
const unknownTime = 0

export function createShelf(db: DatabaseSync, stock: Stock, { maxAge, maxBytes }: Retention): Shelf {
  const insert = db.prepare('INSERT OR REPLACE INTO fact(id, sealed) VALUES(?, ?)')
  const first = db.prepare('SELECT id FROM fact ORDER BY id LIMIT 1')
  const rowsOf = db.prepare('SELECT sealed FROM fact WHERE id >= ? AND id < ? ORDER BY id')
  const sizeOf = db.prepare('SELECT count(*) AS count, total(octet_length(sealed)) AS bytes FROM fact WHERE id >= ? AND id < ?')
  const drop = db.prepare('DELETE FROM fact WHERE id >= ? AND id < ?')
  let { count, bytes, lastSeq } = stock
  let oldest = readOldest()

  function readOldest(): { readonly seq: number; readonly time: number } | undefined {
    const found = first.get()
    if (!found) return undefined
    const seq = Math.floor(Number(found['id']) / partsOfFact)
    return { seq, time: timeOf(rowsOf.all(...rangeOf(seq)).map(({ sealed }) => sealed)) ?? unknownTime }
  }

  return {
    change(facts, tooOld) {
      const next = { count, bytes, lastSeq, oldest }
      let pages = 0
      const takeOff = (seq: number): void => {
        const size = sizeOf.get(...rangeOf(seq))
        if (!size?.['count']) return
        drop.run(...rangeOf(seq))
        next.count--
        next.bytes -= Number(size['bytes'])
        pages++
      }
      for (const { seq, json } of facts) {
        // A number comes again only where an earlier run could not read this file.
        if (seq <= next.lastSeq) takeOff(seq)
        for (const { id, sealed } of sealFact(seq, json)) {
          insert.run(id, sealed)
          next.bytes += Buffer.byteLength(sealed)
        }
        next.count++
        next.lastSeq = Math.max(next.lastSeq, seq)
      }
      pages += Math.ceil(Math.max(0, next.bytes - bytes) / 4_096)
      if (facts.some(({ seq }) => seq <= (oldest?.seq ?? Infinity))) next.oldest = readOldest()
      // The last one stays: its number is where the next run goes on.
      for (let most = limits.journalExpired + facts.length; most > 0 && next.oldest && next.count > 1; most--) {
        if (next.oldest.time >= tooOld && next.bytes <= maxBytes) break
        takeOff(next.oldest.seq)
        next.oldest = readOldest()
      }
      return () => {
        ;({ count, bytes, lastSeq, oldest } = next)
        return pages
      }
    },
    newest: () => (count === 0 ? null : (timeOf(rowsOf.all(...rangeOf(lastSeq)).map(({ sealed }) => sealed)) ?? null)),
    kept: () => ({ facts: count, bytes, oldest: oldest ? new Date(oldest.time).toISOString() : null, maxAge, maxBytes }),
  }
}

/** Ids of the rows of one fact: from, and up to but without. */
const rangeOf = (seq: number): [number, number] => [seq * partsOfFact, (seq + 1) * partsOfFact]
