import { describe, expect, test } from 'vitest'
import { readRecording, type Recording } from '../../../inspector/web/model/recording.ts'
import { hashOf, routeOf } from '../../../inspector/web/model/route.ts'
import { chart, synthetic } from '../synthetic.ts'

/** Files that somebody gives: taken over where all is as it should be, else refused with the field that is wrong. */

const fleet = synthetic(4, 3)
const actors = Array.from(fleet.actors.values())
const records = fleet.records(200)
const recording: Recording = {
  format: 'hyphae.recording',
  version: 1,
  run: 'first',
  made: '2026-01-01T00:00:00.000Z',
  from: 'http://127.0.0.1:4000',
  seq: fleet.seq,
  at: fleet.at,
  actors: Array.from(fleet.actors.values()),
  contexts: actors.map(({ id }) => ({ id, context: fleet.context(id) ?? null })),
  records,
  charts: [chart],
  layouts: [
    {
      hash: chart.hash,
      width: 100,
      height: 100,
      nodes: { unit: { x: 0, y: 0, width: 10, height: 10 } },
      edges: [{ id: 'unit.starting#0', target: 0, points: [[0, 1]], label: null }],
    },
  ],
}
const fileOf = (value: unknown): Blob => new Blob([typeof value === 'string' ? value : JSON.stringify(value)])
/** The recording with another value somewhere in it. */
function altered(path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(recording) as unknown
  let at = copy as Record<string | number, unknown>
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>
  at[path.at(-1) ?? ''] = value
  return copy
}

test('what was written is read', async () => {
  expect(await readRecording(fileOf(recording))).toEqual(JSON.parse(JSON.stringify(recording)))
})

describe('refused is', () => {
  const firstStep = records.findIndex(({ type }) => type === 'step')
  test.each([
    ['the format', ['format'], 'other', /^format: expected "hyphae.recording", got "other"$/],
    ['another version', ['version'], 2, /^version: expected 1 /],
    ['an actor without an id', ['actors', 1, 'id'], undefined, /^actors\[1\]\.id: expected a text, got nothing$/],
    [
      'an unknown phase',
      ['actors', 0, 'phase'],
      'odd',
      /^actors\[0\]\.phase: expected "handshake" or "active" or "reaped", got "odd"$/,
    ],
    ['records that are no list', ['records'], {}, /^records: expected a list, got an object$/],
    ['a time that no clock shows', ['actors', 0, 'since'], 1e300, /^actors\[0\]\.since: expected a time in ms, got 1e\+300$/],
    ['a time of all that no clock shows', ['at'], -1e16, /^at: expected a time in ms/],
    ['a number that is no whole one', ['records', 0, 'seq'], 0.5, /^records\[0\]\.seq: expected a whole number, got 0\.5$/],
    [
      'so many events that they cannot be counted',
      ['actors', 0, 'events'],
      1e308,
      /^actors\[0\]\.events: expected a whole number/,
    ],
    ['an actor that is above itself', ['actors', 0, 'parent'], actors[0]?.id, /^actors: ".*" is below too many others$/],
    ['a record of no known type', ['records', 3, 'type'], 'x', /^records\[3\]\.type: expected /],
    ['a number that is none', ['records', 0, 'at'], 'soon', /^records\[0\]\.at: expected a number, got "soon"$/],
    ['records out of order', ['records', 5, 'seq'], 1, /^records\[5\]\.seq: expected more than /],
    ['records of later than its end', ['seq'], 5, /^seq: expected at least \d+/],
    [
      'changes that are no pairs',
      ['records', firstStep, 'changes'],
      { a: 1 },
      /^records\[\d+\]\.changes\.a: expected what it was/,
    ],
    ['a box without end', ['layouts', 0, 'width'], 1e9, /^layouts\[0\]\.width: expected at most/],
    ['a chart without states', ['charts', 0, 'root', 'states'], null, /^charts\[0\]\.root\.states: expected a list/],
  ] as const)('%s', async (_what, path, value, message) => {
    await expect(readRecording(fileOf(altered(path, value)))).rejects.toThrow(message)
  })

  test('what is no JSON', async () => {
    await expect(readRecording(fileOf('{'))).rejects.toThrow(/^it is no JSON/)
    await expect(readRecording(fileOf('[]'))).rejects.toThrow(/^the file: expected an object, got a list$/)
  })

  test('what is nested without end', async () => {
    const deep = `${'['.repeat(200)}${']'.repeat(200)}`
    const text = JSON.stringify(altered(['contexts', 0, 'context'], 'deep')).replace('"deep"', deep)
    await expect(readRecording(fileOf(text))).rejects.toThrow(/^contexts\[0\]\.context: nested too deeply$/)
  })
})

test('addresses and ids are in the address bar, tickets apart from them', () => {
  expect(routeOf('')).toEqual({ at: 'overview' })
  expect(routeOf('#/service.web')).toEqual({ at: 'actor', name: 'service.web' })
  expect(routeOf(hashOf('x:12'))).toEqual({ at: 'actor', name: 'x:12' })
  expect(hashOf('x:12')).toBe('#/x:12')
  expect(routeOf('#/login/abc')).toEqual({ at: 'login', ticket: 'abc', name: null })
  expect(routeOf('#/login/abc/service.web')).toEqual({ at: 'login', ticket: 'abc', name: 'service.web' })
  expect(routeOf('#/%E0%A4%A')).toEqual({ at: 'actor', name: '%E0%A4%A' })
})

describe('parents', () => {
  const row = (id: string, parent?: string): object => ({ id, ...(parent !== undefined && { parent }), since: 0, events: 0 })
  const readWith = (rows: readonly object[], told: readonly object[] = []): Promise<Recording> =>
    readRecording(
      fileOf({
        ...recording,
        actors: rows,
        records: told.map((actor, index) => ({ type: 'actor', seq: index + 1, at: 0, actor })),
        seq: told.length,
      }),
    )
  const chain = (length: number): object[] =>
    Array.from({ length }, (_, index) => row(`x:${index}`, index === 0 ? undefined : `x:${index - 1}`))

  test('that go round in a circle are refused, also where only records tell of them', async () => {
    await expect(readWith([row('a', 'b'), row('b', 'c'), row('c', 'a')])).rejects.toThrow(/below too many/)
    await expect(readWith([row('a', 'b')], [row('b', 'a')])).rejects.toThrow(/below too many/)
  })
  test('that are others at another moment are refused', async () => {
    await expect(readWith([row('a', 'b')], [row('a', 'c')])).rejects.toThrow(/^records\[0\]\.actor\.parent: expected "b"/)
  })
  test('may be as deep as any fleet, and not deeper than can be shown', async () => {
    expect((await readWith(chain(64))).actors).toHaveLength(64)
    await expect(readWith(chain(66).toReversed())).rejects.toThrow(/below too many/)
    await expect(readWith(chain(150_000))).rejects.toThrow(/below too many/)
  })
})
