import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTreeIndex, everything } from '../../../inspector/web/model/tree-index.ts'
import { forwards, subjectOf } from '../../../inspector/web/model/fold.ts'
import type { ActorRow } from '../../../src/protocol/inspection.ts'
import { synthetic } from '../synthetic.ts'

/** The tree of actors, kept up to date row by row. */

type Index = ReturnType<typeof createTreeIndex>

/** Every line, as `level title`. */
const lines = (index: Index): readonly string[] =>
  index.lines(0, index.size).map(({ node }) => `${'  '.repeat(node.level - 1)}${node.title}`)

const of = (rows: readonly ActorRow[]): ReadonlyMap<string, ActorRow> => new Map(rows.map((row) => [row.id, row]))
const row = (id: string, more: Partial<ActorRow> = {}): ActorRow => ({ id, since: 0, events: 0, ...more })

const small = of([
  row('0', { address: 'supervisor.root', phase: 'active', state: 'open' }),
  row('1', { address: 'supervisor.services', parent: '0', phase: 'active', state: 'open' }),
  row('2', { name: 'b0', parent: '1' }),
  row('3', { address: 'service.web-10', parent: '2', phase: 'active', state: 'live' }),
  row('4', { address: 'service.web-9', parent: '2', phase: 'reaped', state: 'idle', reason: 'stopped by ada' }),
  row('5', { address: 'process.web-10', parent: '3', phase: 'active', state: 'up' }),
  row('6', { name: 'probe', parent: '5', logic: 'callback' }),
])

describe('the tree', () => {
  test('has processes below their services and pools under a heading of their own; buckets are nowhere', () => {
    const index = createTreeIndex()
    index.update(small, null)
    index.open('section:supervision', true)
    expect(lines(index)).toEqual(['Services', '  web-9', '  web-10', '    web-10', 'Supervision', '  root', '    services'])
  })

  test('has inner actors where they are asked for; a bucket stands beside what is in it', () => {
    const index = createTreeIndex()
    index.update(small, null)
    index.open('section:supervision', true)
    index.select({ ...everything, inner: true }, small)
    expect(lines(index)).toEqual([
      'Services',
      '  web-9',
      '  web-10',
      '    web-10',
      '      probe',
      'Supervision',
      '  root',
      '    services',
      '      b0',
    ])
  })

  test('tells any part of itself, and where a row stands in it', () => {
    const index = createTreeIndex()
    const fleet = synthetic(50, 2)
    index.update(fleet.actors, null)
    const all = index.lines(0, index.size).map(({ node }) => node.id)
    expect(all.length).toBe(index.size)
    fc.assert(
      fc.property(fc.nat(all.length), fc.nat(all.length), (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        expect(index.lines(from, to).map(({ node }) => node.id)).toEqual(all.slice(from, to))
      }),
    )
    all.forEach((id, place) => expect(index.placeOf(id)).toBe(place))
  })

  test('folds a row in, and says where it stands among its siblings', () => {
    const index = createTreeIndex()
    index.update(small, null)
    index.open('3', false)
    expect(lines(index)).toEqual(['Services', '  web-9', '  web-10', 'Supervision'])
    expect(index.placeOf('5')).toBe(-1)
    const [, first, second] = index.lines(0, 3)
    expect([first?.place, second?.place, second?.siblings]).toEqual([1, 2, 2])
  })

  test('finds by address, state and reason, with those above what is found', () => {
    const index = createTreeIndex()
    index.update(small, null)
    index.select({ ...everything, text: 'ADA' }, small)
    expect(lines(index)).toEqual(['Services', '  web-9'])
    index.select({ ...everything, text: 'process.' }, small)
    expect(lines(index)).toEqual(['Services', '  web-10', '    web-10'])
    index.select({ ...everything, phases: new Set(['reaped']) }, small)
    expect(lines(index)).toEqual(['Services', '  web-9'])
    index.select({ ...everything, text: 'nobody' }, small)
    expect(index.size).toBe(0)
  })

  test('keeps so many of those that have ended', () => {
    const index = createTreeIndex()
    const actors = new Map(small)
    index.update(actors, null)
    index.select({ ...everything, ended: 2 }, actors)
    for (const id of ['a', 'b', 'c']) {
      actors.set(id, row(id, { address: `program.${id}`, parent: '0' }))
      index.update(actors, new Set([id]))
      actors.set(id, row(id, { address: `program.${id}`, parent: '0', end: 'done' }))
      index.update(actors, new Set([id]))
    }
    expect(lines(index)).toEqual(['Services', '  web-9', '  web-10', '    web-10', 'Workflows', '  b', '  c', 'Supervision'])
    index.select({ ...everything, ended: 0 }, actors)
    expect(lines(index)).not.toContain('Workflows')
  })

  test('kept up to date row by row is the same as made anew', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.boolean(), fc.constantFrom('', 'web', 'crash'), (seed, inner, text) => {
        const fleet = synthetic(8, seed)
        const filter = { ...everything, inner, text, ended: 1_000 }
        const actors = new Map(fleet.actors)
        const kept = createTreeIndex()
        kept.update(actors, null)
        kept.select({ ...filter, text: 'something else' }, actors)
        kept.select(filter, actors)
        for (const record of fleet.records(120)) {
          forwards(actors, record)
          kept.update(actors, new Set([subjectOf(record)]))
        }
        const anew = createTreeIndex()
        anew.select(filter, actors)
        expect(lines(kept)).toEqual(lines(anew))
        expect([kept.size, kept.counts.live, kept.counts.ended]).toEqual([anew.size, anew.counts.live, anew.counts.ended])
        expect(new Map(kept.counts.phases)).toEqual(new Map(anew.counts.phases))
      }),
      { numRuns: 30 },
    )
  })

  test('puts a row below a parent that is told of later', () => {
    const index = createTreeIndex()
    const actors = new Map<string, ActorRow>([['5', small.get('5') as ActorRow]])
    index.update(actors, null)
    actors.set('3', small.get('3') as ActorRow)
    index.update(actors, new Set(['3']))
    expect(lines(index)).toEqual(['Services', '  web-10', '    web-10'])
  })
})
