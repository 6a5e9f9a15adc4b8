import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Journal, Opened } from '../../src/protocol/journal.ts'
import { limits } from '../../src/protocol/limits.ts'
import { type JournalSettings, openJournal } from '../../src/store/journal.ts'
import { eventually } from '../support/eventually.ts'
import process from 'node:process'
import type { Worker } from 'node:worker_threads'
import { begin, fact, folder, retention } from './written.ts'

const folders: string[] = []
const journals: Journal[] = []
const place = (): string => {
  const dir = folder()
  folders.push(dir)
  return dir
}
async function opened(dir: string, more: Partial<JournalSettings> = {}): Promise<Opened> {
  const found = await openJournal({ dir, retention, wall: () => begin, tuning: { retry: 100 }, ...more })
  journals.push(found.journal)
  return found
}
afterEach(async () => {
  for (const journal of journals.splice(0)) await journal.close()
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true, force: true })
})

describe('records and facts', () => {
  test('come back as they were put; the newest of each, without the removed', async () => {
    const dir = place()
    const { journal, ...first } = await opened(dir)
    expect(first).toEqual({ records: [], lastSeq: 0, damage: null })
    const value = { deep: { text: 'é\n"\0\ud83d', list: [1, null, true] } }
    const long = 'é"'.repeat(50_000)
    journal.put({ kind: 'service', key: 'web', value: 'old' })
    journal.put({ kind: 'service', key: 'web', value })
    journal.put({ kind: 'fleet', key: '', value: long })
    journal.put({ kind: 'request', key: 'r1', value: 1 })
    journal.append(fact(1))
    await journal.sync()
    journal.remove('request', 'r1')
    journal.put({ kind: 'fleet', key: '', value: `${long} and more` })
    journal.append(fact(2, { data: { long } }))
    await journal.close()

    const second = await opened(dir)
    expect(second.lastSeq).toBe(2)
    expect(second.damage).toBeNull()
    expect([...second.records].sort((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual([
      { kind: 'fleet', key: '', value: `${long} and more` },
      { kind: 'service', key: 'web', value },
    ])
    expect(await second.journal.read({ limit: 10 })).toEqual([fact(1), fact(2, { data: { long } })])
  })

  test('a value is what it was when it was put', async () => {
    const dir = place()
    const { journal } = await opened(dir)
    const value = { n: 1 }
    journal.put({ kind: 'service', key: 'a', value })
    value.n = 2
    await journal.close()
    expect((await opened(dir)).records).toEqual([{ kind: 'service', key: 'a', value: { n: 1 } }])
  })

  test('what is no plain data is refused by the next sync, and stops nothing else', async () => {
    const { journal } = await opened(place())
    journal.put({ kind: 'service', key: 'a', value: 1n })
    await expect(journal.sync()).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringContaining('service a') as string,
    })
    journal.put({ kind: 'service', key: 'b', value: 1 })
    await journal.sync()
  })

  test('only the owner may read the files, and none is a shared memory', async () => {
    const dir = place()
    const { journal } = await opened(dir)
    journal.put({ kind: 'service', key: 'a', value: 1 })
    await journal.sync()
    expect(readdirSync(dir).sort()).toEqual(['journal.db', 'journal.db-wal'])
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).mode & 0o777, name).toBe(0o600)
    await journal.close()
    await journal.close()
    expect(readdirSync(dir)).toEqual(['journal.db'])
    await expect(journal.sync()).rejects.toMatchObject({ code: 'storage' })
  })

  test('facts are read by number, time and address, those still queued included', async () => {
    const { journal } = await opened(place())
    for (let seq = 1; seq <= 2_500; seq++) journal.append(fact(seq))
    await journal.sync()
    for (let seq = 2_501; seq <= 2_506; seq++) journal.append(fact(seq))
    const numbers = async (query: Parameters<Journal['read']>[0]) => (await journal.read(query)).map(({ seq }) => seq)
    expect(await numbers({ limit: 2 })).toEqual([2_505, 2_506])
    expect(await numbers({ limit: 10_000, after: 2_495, about: ['service.s0', 'service.s1'] })).toEqual([
      2_496, 2_497, 2_499, 2_500, 2_502, 2_503, 2_505, 2_506,
    ])
    expect(await numbers({ limit: 10_000, since: begin + 2_504 })).toEqual([2_504, 2_505, 2_506])
    expect(await numbers({ limit: 1, about: ['service.none'] })).toEqual([])
    expect(await numbers({ limit: 10_000 })).toHaveLength(2_506)
  })
})

describe('group commit', () => {
  test('all who sync meanwhile share one commit', async () => {
    const dir = place()
    const { journal } = await opened(dir)
    const writes = Array.from({ length: 300 }, (_, i) => {
      journal.put({ kind: 'service', key: `k${i % 10}`, value: i })
      return journal.sync()
    })
    await Promise.all(writes)
    // A commit writes one page at least.
    expect(statSync(join(dir, 'journal.db-wal')).size / (8_192 + 24)).toBeLessThan(20)
  })

  test('sync writes nothing when nothing is new', async () => {
    const dir = place()
    const { journal } = await opened(dir)
    journal.put({ kind: 'service', key: 'a', value: 1 })
    await journal.sync()
    const { size } = statSync(join(dir, 'journal.db-wal'))
    for (let i = 0; i < 10; i++) await journal.sync()
    expect(statSync(join(dir, 'journal.db-wal')).size).toBe(size)
  })

  test('the log stays bounded', async () => {
    const dir = place()
    const { journal } = await opened(dir)
    for (let i = 0; i < 300; i++) {
      for (let key = 0; key < 20; key++) journal.put({ kind: 'service', key: `k${key}`, value: 'x'.repeat(2_000) + i })
      await journal.sync()
    }
    expect(statSync(join(dir, 'journal.db-wal')).size).toBeLessThan(2 * limits.journalWalBytes)
  })
})

describe('retention', () => {
  test('facts too many are deleted a few at a time, and their room is used again', async () => {
    const dir = place()
    const { journal } = await opened(dir, { retention: { maxAge: 1e9, maxBytes: 200_000 } })
    let size = 0
    for (let seq = 1; seq <= 20_000; seq++) {
      journal.append(fact(seq))
      if (seq % 500 === 0) await journal.sync()
      if (seq === 10_000) size = statSync(join(dir, 'journal.db-wal')).size
    }
    const kept = await journal.kept()
    expect(kept).toMatchObject({ maxAge: 1e9, maxBytes: 200_000 })
    expect(kept.bytes).toBeLessThanOrEqual(200_000)
    expect(kept.bytes).toBeGreaterThan(190_000)
    const facts = await journal.read({ limit: 1e6 })
    expect(facts).toHaveLength(kept.facts)
    expect(facts[0]?.time).toBe(kept.oldest)
    expect(facts.at(-1)?.seq).toBe(20_000)
    await journal.close()
    expect(statSync(join(dir, 'journal.db')).size).toBeLessThan(600_000)
    expect(size).toBeGreaterThan(0)
  })

  test('facts too old go, except the last: its number is where the next run goes on', async () => {
    const dir = place()
    let now = begin
    const { journal } = await opened(dir, { wall: () => now, clock: () => now })
    for (let seq = 1; seq <= 50; seq++) journal.append(fact(seq, seq === 20 ? { data: { long: 'x'.repeat(9_000) } } : {}))
    await journal.sync()
    expect((await journal.kept()).facts).toBe(50)
    now = begin + retention.maxAge + 40
    journal.put({ kind: 'service', key: 'a', value: 1 })
    await journal.sync()
    expect((await journal.read({ limit: 100 })).map(({ seq }) => seq)).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50])
    now += 1_000
    journal.put({ kind: 'service', key: 'a', value: 2 })
    await journal.close()
    expect((await opened(dir)).lastSeq).toBe(50)
  })
})

describe('a wall clock that jumps', () => {
  const write = async (journal: Journal): Promise<void> => {
    journal.put({ kind: 'service', key: 'a', value: Math.random() })
    await journal.sync()
  }
  const numbers = async (journal: Journal): Promise<number[]> => (await journal.read({ limit: 100 })).map(({ seq }) => seq)
  const far = Date.parse('2038-01-19T03:14:08Z')

  test('deletes nothing that is not old by the time that has really passed', async () => {
    const dir = place()
    let [now, clock] = [begin, 0]
    const settings = { wall: () => now, clock: () => clock }
    const { journal } = await opened(dir, settings)
    for (let seq = 1; seq <= 10; seq++) journal.append(fact(seq))
    await journal.sync()
    now = far
    journal.append(fact(11, { time: new Date(far).toISOString() }))
    await write(journal)
    expect(await numbers(journal)).toHaveLength(11)
    await journal.close()

    // Nor after a start: a newest fact of the future is no measure.
    now = begin - 1e9
    const second = (await opened(dir, settings)).journal
    now = far + 1e9
    await write(second)
    expect(await numbers(second)).toHaveLength(11)
  })

  test('at a start far ahead of the last fact nothing goes before its time; then it goes', async () => {
    const dir = place()
    const { journal } = await opened(dir)
    for (let seq = 1; seq <= 10; seq++) journal.append(fact(seq))
    await journal.close()
    let clock = 0
    const second = (await opened(dir, { wall: () => far, clock: () => clock })).journal
    await write(second)
    expect(await numbers(second)).toHaveLength(10)
    clock = retention.maxAge - 5
    await write(second)
    expect(await numbers(second)).toEqual([5, 6, 7, 8, 9, 10])
  })

  test('back keeps what there is', async () => {
    const dir = place()
    let [now, clock] = [begin + 1_000, 0]
    const { journal } = await opened(dir, { wall: () => now, clock: () => clock })
    for (let seq = 1; seq <= 10; seq++) journal.append(fact(seq))
    now = begin - 1e9
    clock = 2 * retention.maxAge
    await write(journal)
    expect(await numbers(journal)).toHaveLength(10)
  })
})

describe('faults', () => {
  test('a folder that cannot be made: it opens, refuses, and writes all once it can', async () => {
    const dir = join(place(), 'state')
    writeFileSync(dir, 'a file in the way')
    const { journal, records, damage } = await opened(dir)
    expect({ records, damage }).toEqual({ records: [], damage: null })
    expect(journal.fault).toContain(join(dir, 'journal.db'))
    const heard: (string | null)[] = []
    journal.onFault((fault) => heard.push(fault))
    journal.put({ kind: 'service', key: 'a', value: 1 })
    journal.append(fact(1))
    await expect(journal.sync()).rejects.toMatchObject({ code: 'storage', message: expect.stringContaining(dir) as string })
    expect(await journal.read({ limit: 5 })).toEqual([fact(1)])
    expect(await journal.kept()).toMatchObject({ facts: 1 })
    rmSync(dir)
    await eventually(() => expect(journal.fault).toBeNull())
    expect(heard).toEqual([null])
    await journal.sync()
    await journal.close()
    expect((await opened(dir)).records).toEqual([{ kind: 'service', key: 'a', value: 1 }])
  })

  test('a database that is full: the commit is undone, all of it is kept, nothing written before is lost', async () => {
    const dir = place()
    const { journal } = await opened(dir, { tuning: { maxPageCount: 12, retry: 100 } })
    journal.put({ kind: 'service', key: 'first', value: 1 })
    await journal.sync()
    for (let i = 0; i < 100; i++) journal.put({ kind: 'service', key: `k${i}`, value: 'x'.repeat(2_000) })
    await expect(journal.sync()).rejects.toMatchObject({ code: 'storage' })
    expect(journal.fault).toMatch(/journal\.db cannot be written: database or disk is full/)
    await expect(journal.sync()).rejects.toMatchObject({ code: 'storage' })
    // What waits shrinks by what is put in its place.
    for (let i = 0; i < 100; i++) journal.put({ kind: 'service', key: `k${i}`, value: i })
    await eventually(() => expect(journal.fault).toBeNull())
    await journal.close()
    expect((await opened(dir)).records).toHaveLength(101)
  })

  test('facts that wait are bounded, and those dropped are counted', async () => {
    const dir = join(place(), 'state')
    writeFileSync(dir, '')
    const { journal } = await opened(dir)
    const most = limits.journalQueuedFacts
    for (let seq = 1; seq <= most + 500; seq++) journal.append(fact(seq))
    const facts = await journal.read({ limit: 1e6 })
    expect(facts.length).toBeLessThanOrEqual(most)
    expect(facts.at(-1)?.seq).toBe(most + 500)
    await eventually(() => expect(journal.fault).toContain('1000 facts that waited were dropped'))
    rmSync(dir)
    mkdirSync(dir)
    await eventually(() => expect(journal.fault).toBeNull())
  })

  test('a thread that dies is replaced, and nothing queued is lost', async () => {
    const dir = place()
    const threads: Worker[] = []
    const note = (thread: Worker): number => threads.push(thread)
    process.on('worker', note)
    const { journal } = await opened(dir)
    journal.put({ kind: 'service', key: 'before', value: 1 })
    await journal.sync()
    journal.put({ kind: 'service', key: 'meanwhile', value: 1 })
    const asked = journal.sync()
    void threads[0]?.terminate()
    await new Promise((resolve) => setImmediate(resolve))
    // The first is on its way; this one is newer, and stays so when that comes back.
    journal.put({ kind: 'service', key: 'meanwhile', value: 2 })
    await expect(asked).rejects.toMatchObject({ code: 'storage' })
    expect(journal.fault).toContain('its thread ended')
    await eventually(() => expect(journal.fault).toBeNull())
    process.off('worker', note)
    expect(threads).toHaveLength(2)
    await journal.close()
    const { records } = await opened(dir)
    expect(Object.fromEntries(records.map(({ key, value }) => [key, value]))).toEqual({ before: 1, meanwhile: 2 })
  })

  test('a row that goes bad meanwhile is not served; the rest is saved, and it is told', async () => {
    const dir = place()
    const { journal } = await opened(dir)
    const many = 20_000
    for (let seq = 1; seq <= many; seq++) journal.append(fact(seq, { because: 'x'.repeat(300) }))
    await journal.close()
    const { journal: again } = await opened(dir)
    const db = join(dir, 'journal.db')
    const at = readFileSync(db).indexOf('"seq":10000,')
    const file = openSync(db, 'r+')
    writeSync(file, 'y', at + 100)
    closeSync(file)
    const lost: number[] = []
    again.onDamage((damage) => lost.push(damage.lost))
    const facts = await again.read({ limit: 1e6 })
    expect(facts).toHaveLength(many - 1)
    again.append(fact(many + 1))
    await again.sync()
    expect(lost).toEqual([1])
    expect((await again.read({ limit: 1e6 })).map(({ seq }) => seq)).not.toContain(10_000)
    expect(await again.read({ limit: 1 })).toEqual([fact(many + 1)])
  })
})

test('a disk that does not answer is a fault until it does; nothing is lost, and nobody waits for ever', async () => {
  const dir = place()
  const { journal } = await opened(dir, { tuning: { stall: 1 } })
  const heard: Array<string | null> = []
  journal.onFault((fault) => heard.push(fault))
  // So much that it takes a while.
  for (let n = 0; n < 10_000; n++) journal.put({ kind: 'service', key: `k${n}`, value: 'x'.repeat(2_000) })
  await expect(journal.sync()).rejects.toMatchObject({
    code: 'storage',
    message: expect.stringContaining('its disk has not answered for 1 ms') as string,
  })
  expect(journal.fault).toContain('has not answered')
  await expect(journal.sync()).rejects.toMatchObject({ code: 'storage' })
  await eventually(() => expect(journal.fault).toBeNull())
  expect(heard).toEqual([expect.stringContaining('has not answered'), null])
  await journal.close()
  const { records } = await opened(dir)
  expect(records).toHaveLength(10_000)
})
