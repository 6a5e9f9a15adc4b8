import { appendFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Sink } from '../src/protocol/calls.ts'
import type { Fact } from '../src/protocol/facts.ts'
import { limits } from '../src/protocol/limits.ts'
import type { FollowedLogItem, WatchItem } from '../src/protocol/status.ts'
import { logPathOf } from '../src/state-dir.ts'
import { eventually } from './support/eventually.ts'
import { startFleet, type Fleet } from './support/fleet.ts'
import { specOf } from './support/specs.ts'

/** Streams that are told where to go on, as a real orchestrator carries them out. */

let fleet: Fleet
let log: string
beforeEach(async () => {
  fleet = await startFleet([specOf({ name: 'web', command: '/bin/sleep', args: ['1000'] })])
  await fleet.until('web', 'healthy')
  log = logPathOf(fleet.stateDir, 'web')
})
const cancels: Array<() => void> = []
afterEach(async () => {
  for (const cancel of cancels.splice(0)) cancel()
  await fleet.end()
})

function listen<T>(command: string, input: unknown): T[] {
  const items: T[] = []
  const sink: Sink = { room: () => undefined, item: (item) => items.push(item as T), end: (because) => items.push(because as T) }
  const opened = fleet.orchestrator.gateway.subscribe({ name: 'me', via: 'test', role: 'viewer' }, command, input, sink)
  if ('error' in opened) throw new Error(opened.error.message)
  cancels.push(() => opened.cancel())
  return items
}

test('each line of a log says where it ends, and a follower goes on there', async () => {
  writeFileSync(log, 'öne\r\ntwo\nthr')
  const items = listen<FollowedLogItem>('logs.follow', { lines: 5 })
  await eventually(() =>
    expect(items.map(({ line, offset }) => [line, offset])).toEqual([
      ['öne', 6],
      ['two', 10],
    ]),
  )
  appendFileSync(log, 'ee\nfour\n')
  await eventually(() =>
    expect(items.slice(2).map(({ line, offset }) => [line, offset])).toEqual([
      ['three', 16],
      ['four', 21],
    ]),
  )
  for (const { offset } of items) {
    const later = listen<FollowedLogItem>('logs.follow', { lines: 5, after: { web: offset } })
    const rest = items.filter((item) => item.offset > offset)
    // Seen again, their times are as exact as the looks at the log were.
    await eventually(() => expect(later).toMatchObject(rest.map(({ time: _, ...item }) => item)))
  }
  expect(await fleet.call('logs.read', { lines: 0 })).toEqual({ lines: [], ends: { web: 21 }, cut: [] })
})

test.each([
  ['beyond its end', 100],
  ['in the middle of a line', 2],
])('a log that was begun anew is told from its beginning: an offset %s', async (_, offset) => {
  writeFileSync(log, 'one\ntwo\n')
  const items = listen<FollowedLogItem>('logs.follow', { after: { web: offset } })
  await eventually(() => expect(items.map(({ line }) => line)).toEqual(['one', 'two']))
})

test('events go on after a number, whatever the limit; after one that none has had yet, all are told', async () => {
  for (let n = 0; n < 3; n++) await fleet.call('service.restart', { services: ['web'] })
  const all = fleet.facts.map(({ seq }) => seq)
  const seqs = (items: readonly Fact[]) => items.map(({ seq }) => seq)
  const middle = all[4] ?? 0
  const later = listen<Fact>('events.follow', { after_seq: middle, limit: 1 })
  await eventually(() => expect(seqs(later)).toEqual(all.filter((seq) => seq > middle)))
  const beyond = listen<Fact>('events.follow', { after_seq: 1_000_000 })
  await eventually(() => expect(seqs(beyond)).toEqual(all))
  const last = listen<Fact>('events.follow', { after_seq: all.at(-1), services: ['web'] })
  await fleet.call('service.restart', { services: ['web'] })
  const about = fleet.facts.filter((fact) => fact.about === 'service.web' && fact.seq > (all.at(-1) ?? 0))
  await eventually(() => expect(last).toEqual(about))
  expect((await fleet.call('events.read', { limit: 0 })).last_seq).toBe(fleet.facts.at(-1)?.seq)
})

test('the facts that a watch missed are told from the journal, then those that come', async () => {
  const [begin] = listen<WatchItem>('actor.watch', { facts: true })
  expect(begin).toMatchObject({ type: 'begin', resumed: false, fact: fleet.facts.at(-1)?.seq })
  const { run, seq, fact } = begin as Extract<WatchItem, { type: 'begin' }>
  await fleet.call('service.restart', { services: ['web'] })
  const items = listen<WatchItem>('actor.watch', { facts: true, after: { run, seq, fact } })
  await fleet.call('service.restart', { services: ['web'] })
  const missed = fleet.facts.map((one) => one.seq).filter((one) => one > fact)
  const told = () => items.flatMap((item) => (item.type === 'fact' ? [item.fact.seq] : []))
  await eventually(() => expect(told()).toEqual(missed))
  expect(missed.length).toBeGreaterThan(8)
  expect(items[0]).toMatchObject({ type: 'begin', fact })
  // Facts number on from run to run; changes do not.
  const other = listen<WatchItem>('actor.watch', { facts: true, after: { run: 'another', seq: 1, fact } })
  await eventually(() => expect(other.flatMap((item) => (item.type === 'fact' ? [item.fact.seq] : []))).toEqual(missed))
  expect(other[0]).toMatchObject({ type: 'begin', resumed: false })
})

test('more facts than one page holds are read page by page', async () => {
  const { factsBetween } = await import('../src/fact-stream.ts')
  const asked: Array<readonly [number | undefined, number | undefined]> = []
  const facts = ({ after, upTo }: { after?: number | undefined; upTo?: number | undefined }): Promise<Fact[]> => {
    asked.push([after, upTo])
    return Promise.resolve([])
  }
  for await (const page of factsBetween({ facts }, { after: 5, upTo: 2 * limits.eventsRead + 6 })) expect(page).toEqual([])
  expect(asked).toEqual([
    [5, limits.eventsRead + 5],
    [limits.eventsRead + 5, 2 * limits.eventsRead + 5],
    [2 * limits.eventsRead + 5, 2 * limits.eventsRead + 6],
  ])
})
