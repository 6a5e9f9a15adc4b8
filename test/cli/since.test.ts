import { InvalidArgumentError } from 'commander'
import { describe, expect, test } from 'vitest'
import { parseSince } from '../../src/cli/since.ts'

const now = Date.parse('2026-03-10T12:00:00.000Z')
const of = (text: string): string => parseSince(text, now).toISOString()

describe('a moment as one types it', () => {
  test.each([
    ['10m', '2026-03-10T11:50:00.000Z'],
    ['2h', '2026-03-10T10:00:00.000Z'],
    ['1d', '2026-03-09T12:00:00.000Z'],
    ['1.5 h', '2026-03-10T10:30:00.000Z'],
    ['99999999d', '1970-01-01T00:00:00.000Z'],
    ['2026-03-09T05:00:01Z', '2026-03-09T05:00:01.000Z'],
    ['2026-03-09 05:00:01.5Z', '2026-03-09T05:00:01.500Z'],
    ['2026-03-09T05:00+02:00', '2026-03-09T03:00:00.000Z'],
    ['2024-02-29T00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('%s is %s', (text, moment) => expect(of(text)).toBe(moment))

  test('is local where it has no zone', () => {
    expect(of('2026-03-09')).toBe(new Date(2026, 2, 9).toISOString())
    expect(of(' 2026-03-09T05:00')).toBe(new Date(2026, 2, 9, 5).toISOString())
    expect(of('2026-03-09 05:00:07')).toBe(new Date(2026, 2, 9, 5, 0, 7).toISOString())
  })

  test.each([
    '',
    'yesterday',
    '10',
    '-10m',
    '05:00',
    '2026',
    '2026-03',
    '2026-02-30',
    '2025-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-03-00',
    '2026-03-09T25:00',
    '2026-03-09T05',
    '2026-03-09T05:00X',
    '1969-12-31T00:00Z',
  ])('%j is none', (text) => {
    expect(() => of(text)).toThrow(InvalidArgumentError)
    expect(() => of(text)).toThrow('expected how long ago (10m, 2h, 1d), or a date and time (2026-11-21, ')
  })
})
