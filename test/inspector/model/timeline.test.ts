import { describe, expect, test } from 'vitest'
import { createFeed } from '../../../inspector/web/model/feed.ts'
import { createTimeline } from '../../../inspector/web/model/timeline.ts'
import type { ActorRow } from '../../../src/protocol/inspection.ts'
import { synthetic } from '../synthetic.ts'

/** The present, and every moment before it that is known. */

const beginAt = (fleet: ReturnType<typeof synthetic>, run = 'first') => {
  const actors = Array.from(fleet.actors.values()).filter(({ end }) => end === undefined)
  return { run, seq: fleet.seq, at: fleet.at, actors }
}

describe('a timeline', () => {
  test('shows each moment as it was, there and back', () => {
    const fleet = synthetic(6, 4)
    const timeline = createTimeline()
    timeline.begin(beginAt(fleet))
    const moments = new Map<number, ReadonlyMap<string, ActorRow>>()
    for (let round = 0; round < 20; round++) {
      timeline.add(fleet.records(17))
      moments.set(timeline.seq, new Map(fleet.actors))
    }
    /** What one knows who takes over only the rows that are said to be others. */
    const followed = new Map(timeline.present)
    const show = (moment: number | null): void => {
      for (const id of timeline.show(moment) ?? []) {
        const row = timeline.shown().actors.get(id)
        if (row === undefined) followed.delete(id)
        else followed.set(id, row)
      }
    }
    for (const [seq, actors] of [...moments].toReversed()) {
      show(seq)
      expect(timeline.shown().actors).toEqual(actors)
      expect(timeline.actorsAt(seq)).toEqual(actors)
      expect(followed).toEqual(actors)
    }
    for (const [seq, actors] of moments) {
      show(seq)
      expect(timeline.shown().actors).toEqual(actors)
      expect(followed).toEqual(actors)
    }
    timeline.add(fleet.records(50))
    show(null)
    expect(timeline.shown().actors).toEqual(new Map(fleet.actors))
    expect(followed).toEqual(new Map(fleet.actors))
  })

  test('lists also those who had ended before it began, as far as the records tell', () => {
    const fleet = synthetic(3, 4)
    const first = fleet.seq
    const timeline = createTimeline()
    const history = fleet.records(2_000)
    timeline.begin(beginAt(fleet))
    timeline.add(history)
    const gone = history.flatMap((record) => (record.type === 'ended' ? [record.actor] : []))
    expect(gone).not.toEqual([])
    for (const row of gone) expect(timeline.present.get(row.id)).toEqual(row)
    timeline.show(first)
    expect(timeline.seq).toBe(fleet.seq)
  })

  test('goes on while the past is shown', () => {
    const fleet = synthetic(3, 4)
    const timeline = createTimeline()
    timeline.begin(beginAt(fleet))
    timeline.add(fleet.records(40))
    const then = new Map(fleet.actors)
    const seq = timeline.seq
    timeline.show(seq)
    timeline.add(fleet.records(40))
    expect(timeline.shown().actors).toEqual(then)
    expect(timeline.seq).toBeGreaterThan(seq)
    expect(timeline.show(null)?.size).toBeGreaterThan(0)
    expect(timeline.shown().actors).toEqual(new Map(fleet.actors))
  })

  test('drops the oldest records beyond its bound, and goes no further back than it knows', () => {
    const fleet = synthetic(3, 4)
    const timeline = createTimeline(100, 20)
    timeline.begin(beginAt(fleet))
    timeline.add(fleet.records(1_000))
    expect(timeline.records.length).toBeLessThanOrEqual(120)
    expect(timeline.records.at(-1)?.seq).toBe(timeline.seq)
    timeline.show(1)
    expect(timeline.shown().seq).toBe(timeline.oldest)
    expect(timeline.oldest).toBe((timeline.records[0]?.seq ?? 0) - 1)
  })

  test('shows the oldest moment as it was where the one that was looked at has been dropped, and all rows are others', () => {
    const fleet = synthetic(3, 4)
    const timeline = createTimeline(100, 20)
    timeline.begin(beginAt(fleet))
    timeline.add(fleet.records(50))
    timeline.show(timeline.seq)
    const moments = new Map<number, ReadonlyMap<string, ActorRow>>()
    for (let round = 0; round < 300; round++) {
      timeline.add(fleet.records(1))
      moments.set(timeline.seq, new Map(fleet.actors))
    }
    expect(timeline.show(timeline.oldest)).toBeNull()
    expect(timeline.shown().seq).toBe(timeline.oldest)
    expect(timeline.shown().actors).toEqual(moments.get(timeline.oldest))
    timeline.add(fleet.records(300))
    expect(timeline.show(null)).toBeNull()
    expect(timeline.shown().actors).toEqual(new Map(fleet.actors))
  })

  test('knows the last step of an actor, at the moment that is shown', () => {
    const fleet = synthetic(2, 4)
    const timeline = createTimeline()
    timeline.begin(beginAt(fleet))
    timeline.add(fleet.records(200))
    const steps = timeline.records.filter((record) => record.type === 'step')
    const actor = steps.at(-1)?.actor ?? ''
    const mine = steps.filter((step) => step.actor === actor)
    expect(timeline.lastStep(actor)).toBe(mine.at(-1))
    timeline.show((mine.at(-1)?.seq ?? 0) - 1)
    expect(timeline.lastStep(actor)).toBe(mine.at(-2))
  })

  test('lists so many of those that have ended, and knows the names of some more', () => {
    const timeline = createTimeline()
    timeline.begin({ run: 'first', seq: 0, at: 0, actors: [] })
    for (let index = 0; index < 1_200; index++) {
      const actor: ActorRow = { id: `x:${index}`, address: `program.${index}`, since: 0, events: 0, end: 'done' }
      timeline.add([{ type: 'ended', seq: index + 1, at: 0, actor }])
    }
    expect(timeline.present.size).toBe(1_000)
    expect(timeline.present.has('x:0')).toBe(false)
    expect(timeline.formerly('x:0')?.address).toBe('program.0')
  })
})

describe('what a watch tells', () => {
  test('becomes the present once all of it is told; its records tell what led there', () => {
    const fleet = synthetic(4, 4)
    const history = fleet.records(60)
    const now = beginAt(fleet)
    const timeline = createTimeline()
    const feed = createFeed(timeline)
    const half = now.actors.length >> 1
    const { began } = feed.take([
      { type: 'begin', run: 'first', seq: now.seq, at: now.at, resumed: false, actors: now.actors.length },
      { type: 'actors', actors: now.actors.slice(0, half) },
    ])
    expect(began).toBeNull()
    expect(timeline.present.size).toBe(0)
    const { began: whole } = feed.take([
      { type: 'actors', actors: now.actors.slice(half) },
      { type: 'records', records: [...history] },
    ])
    expect(whole?.run).toBe('first')
    expect(timeline.seq).toBe(now.seq)
    expect(timeline.present).toEqual(new Map(fleet.actors))
    feed.take([{ type: 'records', records: [...fleet.records(30)] }])
    expect(timeline.present).toEqual(new Map(fleet.actors))
    expect(feed.position()).toEqual({ run: 'first', seq: fleet.seq })
  })

  test('goes on where it was, and passes over what it knows', () => {
    const fleet = synthetic(4, 4)
    const timeline = createTimeline()
    const feed = createFeed(timeline)
    const now = beginAt(fleet)
    feed.take([
      { type: 'begin', run: 'first', seq: now.seq, at: now.at, resumed: false, actors: now.actors.length },
      { type: 'actors', actors: now.actors },
    ])
    const records = [...fleet.records(30)]
    feed.take([{ type: 'records', records }])
    feed.interrupted()
    const { began, touched } = feed.take([
      { type: 'begin', run: 'first', seq: fleet.seq, at: fleet.at, resumed: true, actors: 0 },
      { type: 'records', records: records.slice(10) },
    ])
    expect(began).toBeNull()
    expect(touched?.size).toBe(0)
    expect(timeline.records.length).toBe(records.length)
    expect(timeline.present).toEqual(new Map(fleet.actors))
  })
})
