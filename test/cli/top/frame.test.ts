import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coloured, plain } from '../../../src/cli/render/paint.ts'
import { widthOf } from '../../../src/cli/top/cells.ts'
import { frameOf } from '../../../src/cli/top/frame.ts'
import type { Heard } from '../../../src/cli/top/hear.ts'
import { serviceStatuses } from '../../../src/protocol/service.ts'
import { after, fleetOf, groupOf, told } from './screen-models.ts'

/** Text that would drive a terminal. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom(
        '\u001B[2J',
        '\u001B[31m',
        '\u001B]0;title\u0007',
        '\u001BP',
        '\u009B1;1H',
        '\n',
        '\r',
        '\t',
        '日本',
        '🚀',
        '\u202E',
        'x'.repeat(90),
      ),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join(''))

const keys = [
  'up',
  'down',
  'left',
  'right',
  'pageup',
  'pagedown',
  'home',
  'end',
  'enter',
  'escape',
  'backspace',
  'unknown',
  ...Array.from('jkgG/sSrxtRlefmnN?yq1é'),
]
const name = fc.constantFrom('db', 'web', 'worker', 'a-very-long-name-that-takes-all-of-the-room-there-is', 'x')

const fleet: fc.Arbitrary<Heard> = fc
  .record({
    services: fc.dictionary(
      name,
      fc.record({
        status: fc.constantFrom(...serviceStatuses),
        reason: fc.option(hostile),
        pid: fc.option(fc.nat(4_194_304)),
        depends_on: fc.array(name, { maxLength: 3 }),
        cpu_percent: fc.double({ min: 0, max: 6_400, noNaN: true }),
        memory_mb: fc.double({ min: 0, max: 2_000_000, noNaN: true }),
        uptime: fc.nat(),
      }),
      { maxKeys: 5 },
    ),
    members: fc.array(name, { maxLength: 3 }),
    reason: fc.option(hostile),
  })
  .map(({ services, members, reason }) =>
    told(fleetOf(services, { backend: groupOf(members, { reason }) }, { mode: 'm', warnings: [] })),
  )

const heard: fc.Arbitrary<Heard> = fc.oneof(
  fleet,
  hostile.map((text): Heard => ({ type: 'told', text, style: 'red' })),
  hostile.map((because): Heard => ({ type: 'lost', since: 0, because })),
  fc.constant<Heard>({ type: 'linked' }),
  hostile.map((text): Heard => ({
    type: 'banner',
    banner: { type: 'info', title: '', message: '', text, countdown_seconds: null, since: '2026-01-01T00:00:00Z', about: null },
  })),
  fc.record({ type: fc.constant('lines' as const), of: name, lines: fc.array(hostile, { maxLength: 30 }) }),
)
const step: fc.Arbitrary<Heard | string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...keys) },
  { weight: 2, arbitrary: heard },
  { weight: 1, arbitrary: hostile.map((text) => `paste: ${text}`) },
)

test('whatever happens and is typed: as many lines as there are rows, none wider than the terminal, no control but styles', () => {
  const sizes = fc.record({ columns: fc.integer({ min: 1, max: 170 }), rows: fc.integer({ min: 1, max: 40 }) })
  fc.assert(
    fc.property(fleet, fc.array(step, { maxLength: 25 }), sizes, fc.boolean(), (first, steps, size, unicode) => {
      const { model } = after([first, ...steps], undefined, size)
      const lines = frameOf(model, size, { paint: coloured, unicode, now: 0 })
      const wrong = lines.filter((line) => {
        // oxlint-disable-next-line no-control-regex
        const text = line.replaceAll(/\u001B\[[\d;:]*m/g, '')
        return widthOf(line) > size.columns || /[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E]/u.test(text)
      })
      expect(wrong).toEqual([])
      expect(lines).toHaveLength(size.rows)
    }),
    { numRuns: 300 },
  )
}, 60_000)

test('the whole reason of the selected row is told below the table, in one line', () => {
  const because = 'exited with code 1; gave up after 2 restarts (max_restarts: 2)'
  const { model } = after([told(fleetOf({ web: { reason: because } }))])
  const lines = frameOf(model, { columns: 80, rows: 24 }, { paint: plain, unicode: true, now: 0 })
  expect(lines.at(-2)).toBe(`1 of 1  web: ${because}`)
  const narrow = frameOf(model, { columns: 48, rows: 24 }, { paint: plain, unicode: true, now: 0 })
  expect(narrow.at(-2)).toMatch(/^1 of 1  web: exited with code 1; .*…$/)
})
