import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { filesIn } from '../../src/store/files.ts'
import { open } from '../../src/store/opening.ts'
import { begin, type Bytes, chance, folder, reopen, type Truth, written } from './written.ts'

/** One after another: each takes SQLite's whole attention anyway. */
async function each(count: number, work: (at: number) => Promise<void>): Promise<void> {
  for (let at = 0; at < count; at++) await work(at)
}

const frameBytes = 8_192 + 24
/** Anywhere, or where structure is dense: the file's header, beginnings of pages, headers of frames, the last frame. */
function place(random: (below: number) => number, { db, wal }: Bytes): number {
  const size = db.length + wal.length
  const spots = [
    random(size),
    Math.floor(random(db.length) / 8_192) * 8_192 + random(40),
    random(100),
    db.length + 32 + Math.floor(random(wal.length) / frameBytes) * frameBytes + random(24),
    db.length + random(32),
    size - frameBytes + random(24),
  ]
  return Math.min(spots[random(spots.length)] ?? 0, size - 1)
}

describe.each([
  ['a journal closed in good order', { folded: true, commits: 30 }],
  ['a journal whose process was killed', { folded: false, commits: 30 }],
])('one flipped bit in %s', (_, how) => {
  test('costs at most one record or fact, serves none that is not the newest, and is told where something is lost', async () => {
    const { truth, bytes } = written(7, how)
    expect(await reopen(bytes, truth)).toEqual({ lost: [], wrong: [], damage: null })
    const random = chance(42)
    await each(120, async () => {
      const both = Buffer.concat([bytes.db, bytes.wal])
      const at = place(random, bytes)
      const bit = random(8)
      both[at] = (both[at] ?? 0) ^ (1 << bit)
      const found = await reopen({ db: both.subarray(0, bytes.db.length), wal: both.subarray(bytes.db.length) }, truth)
      const where = `bit ${bit} of byte ${at} (database of ${bytes.db.length})`
      expect(found.wrong, where).toEqual([])
      expect(found.lost.length, where).toBeLessThanOrEqual(1)
      expect(found.lost.length > 0 && found.damage === null, where).toBe(false)
    })
  })
})

describe('more than a bit', () => {
  const { truth, bytes } = written(3, { folded: true, commits: 30 })
  const killed = written(3, { commits: 30 })
  /** Of the database alone: a log without its end is what a crash leaves, and nothing tells how long it was. */
  test.each<[string, (bytes: Buffer, random: (below: number) => number) => Buffer]>([
    ['cut off', (bytes, random) => bytes.subarray(0, random(bytes.length))],
    ['a page of zeros', (bytes, random) => Buffer.from(bytes).fill(0, ...page(bytes, random))],
    ['a page of garbage', (bytes, random) => Buffer.from(bytes).fill('kj%2', ...page(bytes, random))],
  ])('%s: it opens, tells, and serves nothing but what is newest', async (_, harm) => {
    const random = chance(5)
    await each(12, async () => {
      const found = await reopen({ db: harm(bytes.db, random), wal: bytes.wal }, truth)
      expect(found.wrong).toEqual([])
      expect(found.damage).not.toBeNull()
    })
  })

  test('a log cut off anywhere is an earlier state: each record is one that was written, whole', async () => {
    const random = chance(6)
    await each(20, async () => {
      const wal = killed.bytes.wal.subarray(0, random(killed.bytes.wal.length))
      const found = await reopen({ db: killed.bytes.db, wal }, killed.truth)
      expect(found.wrong.filter((name) => name.startsWith('fact'))).toEqual([])
    })
  })

  test('without its database, all is read from the log', async () => {
    const found = await reopen({ db: Buffer.alloc(0), wal: killed.bytes.wal }, killed.truth)
    expect(found).toMatchObject({ lost: [], wrong: [], damage: { lost: 0 } })
  })
})

const page = (bytes: Buffer, random: (below: number) => number): [number, number] => {
  const at = random(bytes.length / 8_192) * 8_192
  return [at, at + 8_192]
}

const none: Truth = new Map()
describe('something else in its place', () => {
  test.each([
    ['garbage', Buffer.from('no database at all\n'.repeat(1_000))],
    ['an empty file', Buffer.alloc(0)],
    ['half a header', Buffer.from('SQLite form')],
  ])('%s', async (_, db) => {
    const found = await reopen({ db, wal: Buffer.alloc(0) }, none)
    expect(found).toMatchObject({ lost: [], wrong: [], damage: { lost: 0 } })
  })

  test('a folder; and of what was set aside only the newest few are kept', () => {
    const dir = folder()
    for (let i = 0; i < 5; i++) {
      rmSync(filesIn(dir).db, { force: true, recursive: true })
      mkdirSync(filesIn(dir).db)
      const { db, damage } = open(filesIn(dir), {}, begin + i)
      db.close()
      expect(damage?.keptAs).toBe(`${dir}/journal.damaged-2026-01-01T000000.00${i}Z.db`)
    }
    expect(readdirSync(dir).sort()).toEqual([
      ...[2, 3, 4].map((i) => `journal.damaged-2026-01-01T000000.00${i}Z.db`),
      'journal.db',
    ])
    rmSync(dir, { recursive: true })
  })

  test('the damaged file is kept as it was', () => {
    const dir = folder()
    writeFileSync(filesIn(dir).db, 'garbage')
    const { db, damage } = open(filesIn(dir), {}, begin)
    db.close()
    expect(damage?.because).toContain('header')
    expect(readdirSync(dir)).toContain(damage?.keptAs.slice(dir.length + 1))
    rmSync(dir, { recursive: true })
  })
})
