import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fact } from '../../src/protocol/facts.ts'
import type { Damage, JournalRecord, RecordKind } from '../../src/protocol/journal.ts'
import { filesIn } from '../../src/store/files.ts'
import { createKeeper } from '../../src/store/keeper.ts'
import { open } from '../../src/store/opening.ts'
import { readFacts } from '../../src/store/reading.ts'

/** A journal written in this thread, for the tests of what becomes of its bytes. */

export const folder = (): string => mkdtempSync(join(tmpdir(), 'hyphae-journal-'))
export const retention = { maxAge: 3_600_000, maxBytes: 100_000_000 }
export const begin = Date.parse('2026-01-01T00:00:00Z')

/** A fact as small as one may be. */
export const fact = (seq: number, more: Partial<Fact> = {}): Fact => ({
  seq,
  time: new Date(begin + seq).toISOString(),
  type: 'service.ready',
  about: `service.s${seq % 3}`,
  because: null,
  by: null,
  data: {},
  ...more,
})

/** The same numbers for the same seed. */
export function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** What was written, by its name; facts by number. */
export type Truth = ReadonlyMap<string, string>

export interface Bytes {
  readonly db: Buffer
  readonly wal: Buffer
}

/** Writes for a while and ends as kill -9 would: the files as they are. `folded`: closed in good order instead. */
export function written(seed: number, { folded = false, commits = 60 } = {}): { readonly truth: Truth; readonly bytes: Bytes } {
  const dir = folder()
  const random = chance(seed)
  const truth = new Map<string, string>()
  const keeper = createKeeper({ is: 'open', dir, retention, tuning: {}, now: begin, begun: 'now' }, () => {})
  keeper.begin()
  let seq = 0
  for (let i = 0; i < commits; i++) {
    const records = new Map<string, { kind: RecordKind; key: string; json: string | null }>()
    for (let n = random(4); n >= 0; n--) {
      const key = `k${random(25)}`
      const kind: RecordKind = random(2) === 0 ? 'service' : 'request'
      const size = random(10) === 0 ? 12_000 : random(900)
      const json = random(5) === 0 ? null : JSON.stringify({ i, n, text: String(i).padEnd(size, 'aé"') })
      records.set(`${kind} ${key}`, { kind, key, json })
    }
    const facts = Array.from({ length: random(4) }, () => {
      const one = fact(++seq, random(20) === 0 ? { data: { long: 'x"'.repeat(4_000) } } : {})
      return { seq, json: JSON.stringify(one) }
    })
    const fault = keeper.commit({ is: 'batch', records: [...records.values()], facts, sync: false, now: begin, tooOld: 0 })
    if (fault !== null) throw new Error(fault)
    keeper.tidy()
    for (const [name, { json }] of records) {
      if (json === null) truth.delete(name)
      else truth.set(name, json)
    }
    for (const one of facts) truth.set(`fact ${one.seq}`, one.json)
  }
  const bytes = folded ? undefined : bytesIn(dir)
  keeper.close()
  const found = bytes ?? bytesIn(dir)
  rmSync(dir, { recursive: true })
  return { truth, bytes: found }
}

export function bytesIn(dir: string): Bytes {
  const { db, wal } = filesIn(dir)
  // Copied first: to open and close the database itself would take SQLite's lock off it.
  const [copy, log] = [join(dir, 'copy'), join(dir, 'copy-wal')]
  copyFileSync(db, copy)
  if (existsSync(wal)) copyFileSync(wal, log)
  const bytes = { db: readFileSync(copy), wal: existsSync(log) ? readFileSync(log) : Buffer.alloc(0) }
  for (const path of [copy, log]) rmSync(path, { force: true })
  return bytes
}

export interface Reopened {
  readonly lost: string[]
  readonly wrong: string[]
  readonly damage: Damage | null
}

/** Opens these bytes as a journal and compares what it gives with what was written. */
export async function reopen({ db, wal }: Bytes, truth: Truth): Promise<Reopened> {
  const dir = folder()
  const files = filesIn(dir)
  writeFileSync(files.db, db)
  if (wal.length > 0) writeFileSync(files.wal, wal)
  try {
    const opening = open(files, {}, begin)
    const { facts } = await readFacts(opening.db, { limit: 1e6 })
    opening.db.close()
    const found = [
      ...opening.records.map(entryOf),
      ...facts.map((json) => [`fact ${(JSON.parse(json) as Fact).seq}`, json] as const),
    ]
    const there = new Set<string>(found.map(([name]) => name))
    return {
      lost: [...truth.keys()].filter((name) => !there.has(name)),
      wrong: found.filter(([name, json]) => truth.get(name) !== json).map(([name]) => name),
      damage: opening.damage,
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const entryOf = ({ kind, key, value }: JournalRecord) => [`${kind} ${key}`, JSON.stringify(value)] as const
