import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assign, createMachine, setup, spawnChild } from 'xstate'
import { inspectionWatch } from '../../src/commands/inspection.ts'
import { inspectionItem, type InspectionItem } from '../../src/protocol/inspection.ts'
import { limits } from '../../src/protocol/limits.ts'
import { eventually } from '../support/eventually.ts'
import { forwards, inspected, type Rows } from '../support/inspected.ts'

/** What watchers are told, fast ones and slow ones, late ones and those who come back. */

const counter = createMachine({
  id: 'counter',
  context: { n: 0 },
  initial: 'even',
  on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
  states: { even: { on: { FLIP: 'odd' } }, odd: { on: { FLIP: 'even' } } },
})
function world(records = 100) {
  const made = inspected(counter, undefined, { bounds: { records, bytes: 10_000_000 } })
  made.root.start()
  return { ...made, flip: (times = 1) => Array.from({ length: times }, () => made.root.send({ type: 'FLIP' })) }
}
type World = Pick<ReturnType<typeof world>, 'inspection'>

/** Keeps what it hears; can be shut and opened. */
function reader({ inspection }: World, request: { after?: { run: string; seq: number }; history?: number } = {}) {
  const items: InspectionItem[] = []
  const known: Rows = new Map()
  let shut = false
  let wake = (): void => {}
  let seq = 0
  const cancel = inspection.watch(
    { after: request.after ?? null, history: request.history ?? 0 },
    {
      room: () => (shut ? new Promise((resolve) => (wake = resolve)) : undefined),
      item(item) {
        const told = inspectionItem.parse(JSON.parse(JSON.stringify(item)))
        items.push(told)
        if (told.type === 'begin') {
          if (!told.resumed) known.clear()
          seq = told.seq
        } else if (told.type === 'actors') for (const row of told.actors) known.set(row.id, row)
        else {
          for (const record of told.records) {
            if (record.seq <= seq) continue
            expect(record.seq).toBe(seq + 1)
            seq = record.seq
            forwards(known, record)
          }
        }
      },
      end() {},
    },
  )
  return {
    items,
    known,
    seq: () => seq,
    shut: () => (shut = true),
    open() {
      shut = false
      wake()
    },
    begins: () => items.filter((item) => item.type === 'begin'),
    records: () => items.flatMap((item) => (item.type === 'records' ? item.records : [])),
    cancel,
  }
}

test('begin, everybody, the history that was asked for, then what happens, many records in one item', async () => {
  const one = world()
  one.flip(3)
  const { items, cancel, records } = reader(one, { history: 4 })
  expect(items[0]).toMatchObject({ type: 'begin', run: 'one', seq: 8, resumed: false, actors: 1 })
  expect(items[1]).toMatchObject({ type: 'actors', actors: [{ state: 'odd' }] })
  expect(records().map(({ seq }) => seq)).toEqual([5, 6, 7, 8])
  one.flip(30)
  expect(items).toHaveLength(3)
  await eventually(() => expect(records()).toHaveLength(64))
  expect(items).toHaveLength(4)
  cancel()
  one.flip()
  await new Promise((resolve) => setImmediate(resolve))
  expect(items).toHaveLength(4)
})

test('under load records come in items of their greatest size, and soon', async () => {
  const one = world(10_000)
  const { items, cancel, records } = reader(one)
  one.flip(limits.inspectionBatch * 2)
  await new Promise((resolve) => setImmediate(resolve))
  expect(records()).toHaveLength(limits.inspectionBatch * 4)
  expect(items.filter(({ type }) => type === 'records')).toHaveLength(4)
  cancel()
})

test('everybody comes in items of a bounded size', () => {
  const tree = setup({ actors: { counter } }).createMachine({ id: 'tree', on: { SPAWN: { actions: spawnChild('counter') } } })
  const one = inspected(tree)
  one.root.start()
  for (let index = 0; index < 600; index++) one.root.send({ type: 'SPAWN' })
  const { items, cancel } = reader(one)
  expect(items.map((item) => (item.type === 'actors' ? item.actors.length : item.type))).toEqual(['begin', 250, 250, 101])
  cancel()
})

test('a watcher goes on where an earlier one ended, as long as that is kept and of this run', async () => {
  const one = world(20)
  one.flip(2)
  const resumed = reader(one, { after: { run: 'one', seq: 4 }, history: 10 })
  expect(resumed.items[0]).toMatchObject({ type: 'begin', seq: 4, resumed: true, actors: 0 })
  expect(resumed.records().map(({ seq }) => seq)).toEqual([5, 6])
  const upToDate = reader(one, { after: { run: 'one', seq: 6 } })
  expect(upToDate.items).toMatchObject([{ type: 'begin', seq: 6, resumed: true }])
  for (const after of [
    { run: 'two', seq: 4 },
    { run: 'one', seq: 7 },
  ]) {
    expect(reader(one, { after }).items).toMatchObject([{ type: 'begin', seq: 6, resumed: false }, { type: 'actors' }])
  }
  one.flip(20)
  expect(reader(one, { after: { run: 'one', seq: 6 } }).items[0]).toMatchObject({ seq: 46, resumed: false })
  await eventually(() => expect(upToDate.seq()).toBe(46))
})

test('a reader that the records have overtaken begins anew and is not cut off', async () => {
  const one = world(20)
  const slow = reader(one)
  one.flip()
  await eventually(() => expect(slow.seq()).toBe(4))
  slow.shut()
  one.flip(100)
  await new Promise((resolve) => setImmediate(resolve))
  expect(slow.begins()).toHaveLength(1)
  slow.open()
  await eventually(() => expect(slow.seq()).toBe(204))
  expect(slow.begins()).toMatchObject([{ seq: 2 }, { seq: 204, resumed: false }])
  expect([...slow.known.values()]).toEqual(one.rows())
  // And it goes on.
  one.flip()
  await eventually(() => expect(slow.seq()).toBe(206))
})

test('whatever a reader misses, in the end it knows how things stand', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.nat(30), fc.constantFrom('shut' as const, 'open' as const, 'wait' as const)), { maxLength: 25 }),
      fc.nat(40),
      async (steps, history) => {
        const one = world(40)
        const heard = reader(one, { history })
        for (const step of steps) {
          if (typeof step === 'number') one.flip(step)
          else if (step === 'wait') await new Promise((resolve) => setImmediate(resolve))
          else heard[step]()
        }
        heard.open()
        one.flip()
        await eventually(() => expect([...heard.known.values()]).toEqual(one.rows()))
        heard.cancel()
      },
    ),
    { numRuns: 30 },
  )
})

test('with a hundred watchers each record is made once', async () => {
  const one = world(1_000)
  const readers = Array.from({ length: 100 }, () => {
    const records: unknown[] = []
    one.inspection.watch(
      { after: null, history: 0 },
      {
        room: () => undefined,
        item: (item) => {
          const told = item as InspectionItem
          if (told.type === 'records') records.push(...told.records)
        },
        end() {},
      },
    )
    return records
  })
  one.flip(10)
  await eventually(() => expect(readers.at(-1)).toHaveLength(20))
  for (const records of readers) for (const [index, record] of records.entries()) expect(record).toBe(readers[0]?.[index])
})

test('records are dropped early where they keep too much alive', () => {
  const one = inspected(counter, undefined, { bounds: { records: 1_000, bytes: 50_000 } })
  one.root.start()
  for (let index = 0; index < 500; index++) one.root.send({ type: 'ADD', note: 'x'.repeat(1_000) })
  const kept = one.records()
  expect(kept.length).toBeGreaterThan(20)
  expect(kept.length).toBeLessThan(100)
  expect(kept.at(-1)?.seq).toBe(1_002)
})

test('its place in a stream over HTTP: only where everybody has been told it is one to go on from', () => {
  const { resumable } = inspectionWatch
  let place: string | null = null
  const tell = (item: InspectionItem): string => (place = resumable?.place(place, item) ?? '')
  const row = { id: 'x:1', since: 0, events: 0 }
  expect(tell({ type: 'begin', run: 'one', seq: 7, at: 0, resumed: false, actors: 3 })).toBe('one:7:3')
  expect(resumable?.input('one:7:3')).toEqual({})
  tell({ type: 'actors', actors: [row, row] })
  expect(tell({ type: 'actors', actors: [row] })).toBe('one:7:0')
  expect(resumable?.input('one:7:0')).toEqual({ after: { run: 'one', seq: 7 } })
  const record = (seq: number) => ({ type: 'ignored' as const, seq, at: 0, actor: 'x:1', event: 'X' })
  // History is before it.
  expect(tell({ type: 'records', records: [record(5), record(6)] })).toBe('one:7:0')
  expect(tell({ type: 'records', records: [record(8), record(9)] })).toBe('one:9:0')
  expect(tell({ type: 'begin', run: 'one', seq: 9, at: 0, resumed: true, actors: 0 })).toBe('one:9:0')
  for (const wrong of ['', 'one', 'one:x:0', ':1:0']) expect(resumable?.input(wrong)).toBeUndefined()
})

test('a long history is told in several turns, in its order, and what happens meanwhile after it', async () => {
  const made = inspected(counter, undefined, { itemsInTurn: 2 })
  made.root.start()
  for (let times = 0; times < 2_000; times++) made.root.send({ type: 'FLIP' })
  const { items, seq } = reader(made, { history: 4_000 })
  expect(items).toHaveLength(2)
  made.root.send({ type: 'FLIP' })
  const numbers = () => items.flatMap((item) => (item.type === 'records' ? item.records.map((record) => record.seq) : []))
  await eventually(() => expect(numbers()).toHaveLength(4_002))
  expect(numbers()).toEqual(numbers().toSorted((a, b) => a - b))
  expect(seq()).toBe(numbers().at(-1))
})
