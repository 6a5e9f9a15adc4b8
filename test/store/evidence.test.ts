import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { filesIn } from '../../src/store/files.ts'
import { createKeeper } from '../../src/store/keeper.ts'
import type { RecordWrite } from '../../src/store/messages.ts'
import { open } from '../../src/store/opening.ts'
import { walTail } from '../../src/store/wal.ts'
import { begin, bytesIn, fact, folder, reopen, retention } from './written.ts'

/** What tells that something is missing, each on its own. */

const folders: string[] = []
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true })
})
const place = (): string => {
  const dir = folder()
  folders.push(dir)
  return dir
}
const service = (key: string, value: unknown): RecordWrite => ({ kind: 'service', key, json: JSON.stringify(value) })
/** Commits of records, each followed by so many facts; ends as kill -9 would. */
function commits(...batches: (readonly RecordWrite[])[]) {
  const dir = place()
  const keeper = createKeeper({ is: 'open', dir, retention, tuning: {}, now: begin, begun: 'now' }, () => {})
  keeper.begin()
  let seq = 0
  for (const records of batches) {
    const facts = [fact(++seq)].map((one) => ({ seq: one.seq, json: JSON.stringify(one) }))
    keeper.commit({ is: 'batch', records, facts, sync: false, now: begin, tooOld: 0 })
  }
  const bytes = bytesIn(dir)
  keeper.close()
  return { bytes, folded: bytesIn(dir) }
}
const frameBytes = 8_192 + 24

test('where the newest version cannot be read, an older one is not taken for it', async () => {
  const { bytes } = commits([service('a', 'one')], [service('a', 'two'), service('b', 'b')])
  const wal = Buffer.from(bytes.wal)
  for (let at = wal.indexOf('"two"'); at >= 0; at = wal.indexOf('"two"', at + 1)) wal.write('twx', at + 1)
  const found = await reopen({ db: bytes.db, wal }, new Map([['service b', '"b"']]))
  expect(found.damage?.lost).toBe(1)
  expect(found.wrong.filter((name) => name.startsWith('service'))).toEqual([])
  expect(found.lost).toEqual([])
})

test('a page that hides one of its rows is found out, and the row is read all the same', async () => {
  const records = Array.from({ length: 5 }, (_, i) => service(`k${i}`, i))
  const { folded } = commits(records)
  const db = Buffer.from(folded.db)
  const page = Math.floor(db.indexOf('"key":"k3"') / 8_192) * 8_192
  db.writeUInt16BE(db.readUInt16BE(page + 3) - 1, page + 3)
  const truth = new Map([
    ...records.map(({ key, json }) => [`service ${key}`, String(json)] as const),
    ['fact 1', JSON.stringify(fact(1))],
  ])
  expect(await reopen({ db, wal: folded.wal }, truth)).toMatchObject({ lost: [], wrong: [], damage: { lost: 0 } })
})

test('the log is cut where a commit stands behind a damaged frame, and ends behind its last whole commit', () => {
  const long = Array.from({ length: 20 }, (_, i) => service(`k${i}`, 'x'.repeat(2_000)))
  const { bytes } = commits([service('a', 1)], long, [service('a', 2)])
  const path = join(place(), 'log')
  const tailOf = (wal: Buffer) => {
    writeFileSync(path, wal)
    return walTail(path)
  }
  const frames = (bytes.wal.length - 32) / frameBytes
  expect(tailOf(bytes.wal)).toEqual({ cut: false, from: bytes.wal.length })
  const harmed = Buffer.from(bytes.wal)
  const middle = 32 + (frames - 6) * frameBytes
  harmed[middle + 5_000] = (harmed[middle + 5_000] ?? 0) ^ 1
  expect(tailOf(harmed)).toMatchObject({ cut: true })
  // The long commit without its end: from where it begins, though its first frames are whole.
  const short = tailOf(bytes.wal.subarray(0, middle))
  expect(short).toMatchObject({ cut: false })
  expect(short?.from).toBeLessThan(middle)
  expect(tailOf(Buffer.alloc(50_000))).toMatchObject({ cut: false })
  expect(tailOf(Buffer.alloc(50_000, 'garbage'))).toMatchObject({ cut: true })
  expect(tailOf(Buffer.alloc(0))).toBeUndefined()
})

test('rows of a commit that a crash cut short are used where they are whole; that is no damage', () => {
  const long = Array.from({ length: 20 }, (_, i) => service(`k${i}`, 'x'.repeat(2_000)))
  const { bytes } = commits([service('a', 1)], long)
  const files = filesIn(place())
  writeFileSync(files.db, bytes.db)
  writeFileSync(files.wal, bytes.wal)
  truncateSync(files.wal, bytes.wal.length - frameBytes)
  const first = open(files, {}, begin)
  first.db.close()
  expect(first.damage).toBeNull()
  expect(first.records.length).toBeGreaterThan(10)
  const again = open(files, {}, begin)
  again.db.close()
  expect(again.records).toEqual(first.records)
})

test('a removed record does not come back from what is left of it', async () => {
  const { bytes, folded } = commits([service('a', 'one')], [service('b', 'b')], [{ kind: 'service', key: 'a', json: null }])
  for (const { db, wal } of [bytes, folded]) {
    const harmed = Buffer.from(db)
    // No structure at all: everything is read from the bytes.
    harmed.write('garbage', 0)
    const found = await reopen({ db: harmed, wal }, new Map([['service b', '"b"']]))
    expect(found.damage).not.toBeNull()
    expect(found.wrong.filter((name) => name.startsWith('service'))).toEqual([])
  }
})

test('a rebuild that a crash cut short is completed by the next start', () => {
  const { folded } = commits([service('a', 1)])
  const files = filesIn(place())
  writeFileSync(files.rebuilt, folded.db)
  writeFileSync(files.db, 'the damaged one')
  appendFileSync(files.wal, 'its log')
  const { db, records, damage } = open(files, {}, begin)
  db.close()
  expect(records).toEqual([{ kind: 'service', key: 'a', value: 1 }])
  expect(readFileSync(damage?.keptAs ?? '', 'utf8')).toBe('the damaged one')
  expect(readFileSync(`${damage?.keptAs}-wal`, 'utf8')).toBe('its log')
  expect(statSync(files.db).isFile()).toBe(true)
})
