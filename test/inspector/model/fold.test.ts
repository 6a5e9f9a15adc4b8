import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backwards, contextBeyond, forwards } from '../../../inspector/web/model/fold.ts'
import type { ActorRow, InspectionRecord } from '../../../src/protocol/inspection.ts'
import { synthetic } from '../synthetic.ts'

/** Records fold both ways: what they did they take back. */

const ids = ['a', 'b', 'c', 'd']
const phase = fc.constantFrom('handshake', 'active', 'reaped')
const position = fc.record(
  { phase, state: fc.constantFrom('one', 'two.three'), since: fc.nat(), reason: fc.string() },
  { requiredKeys: ['since'] },
)
type Move =
  | { readonly do: 'begin' | 'end' | 'count' | 'dead' | 'ignore'; readonly id: string }
  | { readonly do: 'name'; readonly id: string; readonly is: string }
  | { readonly do: 'step'; readonly id: string; readonly is: ReturnType<typeof position.generate>['value'] }
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ do: fc.constantFrom('begin', 'end', 'count', 'dead', 'ignore'), id: fc.constantFrom(...ids) }),
  fc.record({ do: fc.constant('name'), id: fc.constantFrom(...ids), is: fc.string() }),
  fc.record({ do: fc.constant('step'), id: fc.constantFrom(...ids), is: position }),
)

/** A history as it may have been: who is not there does nothing, and who has ended neither. */
function historyOf(moves: readonly Move[]): readonly InspectionRecord[] {
  const actors = new Map<string, ActorRow>()
  const records: InspectionRecord[] = []
  moves.forEach((one, index) => {
    const all = { seq: index + 1, at: index }
    const row = actors.get(one.id)
    const record = recordOf(one, row, all)
    if (record === undefined) return
    records.push(record)
    forwards(actors, record)
  })
  return records
}

function recordOf(one: Move, row: ActorRow | undefined, all: { seq: number; at: number }): InspectionRecord | undefined {
  if (one.do === 'begin')
    return row === undefined ? { type: 'actor', ...all, actor: { id: one.id, since: all.at, events: 0 } } : undefined
  if (row === undefined) return undefined
  if (one.do === 'dead') return { type: 'event', ...all, to: one.id, event: 'late', dead: true }
  if (row.end !== undefined) return undefined
  switch (one.do) {
    case 'end':
      return { type: 'ended', ...all, actor: { ...row, end: 'done' } }
    case 'count':
      return { type: 'event', ...all, to: one.id, event: 'ping' }
    case 'ignore':
      return { type: 'ignored', ...all, actor: one.id, event: 'ping' }
    case 'name':
      return { type: 'named', ...all, actor: one.id, is: one.is, ...(row.address === undefined ? {} : { was: row.address }) }
    case 'step': {
      const { id: _i, address: _a, events: _e, ...was } = row
      return { type: 'step', ...all, actor: one.id, event: 'go', edges: [], was, is: one.is }
    }
  }
}

test('forwards, then backwards: nothing has happened', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), fc.nat(), (moves, cut) => {
      const records = historyOf(moves)
      const start = records.slice(0, cut % (records.length + 1))
      const rest = records.slice(start.length)
      const actors = new Map<string, ActorRow>()
      for (const record of start) forwards(actors, record)
      const before = new Map(actors)
      for (const record of rest) forwards(actors, record)
      for (const record of rest.toReversed()) backwards(actors, record)
      expect(actors).toEqual(before)
    }),
  )
})

test('the fleet folded from its records is the fleet', () => {
  const fleet = synthetic(5, 9)
  const actors = new Map(fleet.actors)
  const before = new Map(actors)
  const records = fleet.records(600)
  for (const record of records) forwards(actors, record)
  expect(actors).toEqual(new Map(fleet.actors))
  for (const record of records.toReversed()) backwards(actors, record)
  expect(actors).toEqual(before)
})

describe('a context', () => {
  const step = (changes: Record<string, [unknown, unknown]>): InspectionRecord & { readonly type: 'step' } => ({
    type: 'step',
    seq: 1,
    at: 1,
    actor: 'a',
    event: 'go',
    edges: [],
    was: { since: 0 },
    is: { since: 1 },
    changes,
  })

  test('is folded by what changed, both ways', () => {
    const one = step({ tries: [1, 2], gone: ['here', undefined], come: [undefined, 'now'] })
    const before = { tries: 1, gone: 'here', stays: true }
    const after = contextBeyond(before, [one], true)
    expect(after).toEqual({ tries: 2, come: 'now', stays: true })
    expect(contextBeyond(after, [one], false)).toEqual(before)
  })

  test('of several steps the last has its way, and the context given stays as it was', () => {
    const [one, two] = [step({ tries: [1, 2], gone: ['here', undefined] }), step({ tries: [2, 3], gone: [undefined, 'again'] })]
    const before = { tries: 1, gone: 'here' }
    expect(contextBeyond(before, [one, two], true)).toEqual({ tries: 3, gone: 'again' })
    expect(contextBeyond({ tries: 3, gone: 'again' }, [two, one], false)).toEqual(before)
    expect(before).toEqual({ tries: 1, gone: 'here' })
    expect(contextBeyond(before, [], true)).toBe(before)
  })

  test('takes a name that means something to JavaScript for a name', () => {
    const one = step(JSON.parse('{"__proto__": [null, {"polluted": true}]}') as Record<string, [unknown, unknown]>)
    const after = contextBeyond({}, [one], true)
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype)
    expect(Object.keys(after as object)).toEqual(['__proto__'])
  })
})
