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
