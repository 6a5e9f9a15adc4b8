import { describe, expect, test } from 'vitest'
import { bounds } from '../../../inspector/web/views/bounds.ts'
import { createLogBuffer, type LogBuffer } from '../../../inspector/web/views/logs/log-buffer.ts'
import { rowHeight, rowsOf } from '../../../inspector/web/views/logs/rows.ts'
import { chosen, needleOf } from '../../../inspector/web/views/logs/search.ts'

/** What is kept of a log, and what of it is seen. */

const time = '2026-11-21T22:00:00.000Z'
const line = (text: string, offset: number) => ({ line: text, truncated: false, time, offset })
const mark = (text: string, offset: number | null) => ({ text, time, offset })
const shown = (buffer: LogBuffer) => buffer.entries.map((entry) => (entry.kind === 'mark' ? `[${entry.text}]` : entry.text))

describe('a log buffer', () => {
  test('keeps the newest lines, by number and by size', () => {
    const few = createLogBuffer(3)
    few.append(['a', 'b', 'c', 'd', 'e'].map((text, index) => line(text, index)))
    expect([shown(few), few.dropped()]).toEqual([['c', 'd', 'e'], 2])
    const small = createLogBuffer(100, 10)
    small.append(['aaaaaa', 'bbb', 'cccc'].map((text, index) => line(text, index)))
    expect(shown(small)).toEqual(['bbb', 'cccc'])
  })

  test('100,000 lines, and no more', () => {
    const buffer = createLogBuffer()
    for (let turn = 0; turn < 11; turn++)
      buffer.append(Array.from({ length: 10_000 }, (_, index) => line(`line ${index}`, turn * 10_000 + index)))
    expect([buffer.entries.length, buffer.dropped()]).toEqual([bounds.logLines, 10_000])
  })

  test('a long line is cut', () => {
    const buffer = createLogBuffer()
    buffer.append([line('x'.repeat(bounds.logLine + 1), 1), { ...line('y', 2), truncated: true }, line('z', 3)])
    expect(buffer.entries.map((entry) => entry.kind === 'line' && [entry.text.length, entry.cut])).toEqual([
      [bounds.logLine, true],
      [1, true],
      [1, false],
    ])
  })

  test('a mark stands between the last line of one process and the first of the next, whichever comes first', () => {
    const early = createLogBuffer()
    early.append([line('old', 4)])
    early.mark(mark('new one', 9))
    early.append([line('last', 9), line('new', 13)])
    expect(shown(early)).toEqual(['old', 'last', '[new one]', 'new'])
    const late = createLogBuffer()
    late.append([line('old', 4), line('last', 9), line('new', 13)])
    late.mark(mark('new one', 9))
    expect(shown(late)).toEqual(['old', 'last', '[new one]', 'new'])
    const now = createLogBuffer()
    now.append([line('old', 4)])
    now.mark(mark('new one', 4))
    expect(shown(now)).toEqual(['old', '[new one]'])
  })

  test('marks of long ago are not of the lines that are shown', () => {
    const buffer = createLogBuffer()
    buffer.mark(mark('first', 0))
    buffer.mark(mark('second', 50))
    buffer.append([line('abcd', 105)])
    expect(shown(buffer)).toEqual(['abcd'])
    const whole = createLogBuffer()
    whole.mark(mark('first', 0))
    whole.append([line('abcd', 5)])
    expect(shown(whole)).toEqual(['[first]', 'abcd'])
  })

  test('a colour that was begun ends with its process', () => {
    const buffer = createLogBuffer()
    buffer.append([line('\u{1b}[31mred', 8), line('still red', 18)])
    buffer.mark(mark('new one', 18))
    buffer.append([line('plain', 24)])
    expect(buffer.entries.map((entry) => entry.kind === 'line' && entry.begin.front)).toEqual([null, 1, false, null])
  })
})

describe('search', () => {
  const buffer = createLogBuffer()
  buffer.append([line('Error: no', 1), line('all well', 2), line('an \u{1b}[31merr\u{1b}[0mor', 3)])
  buffer.mark(mark('x', 3))

  test('small letters find both, capitals themselves; escapes are not in the way', () => {
    const found = (words: string) => chosen(buffer.entries, needleOf(words), true)
    expect(found('error')).toEqual({ shown: [0, 2, 3], hits: [0, 2] })
    expect(found('Error')).toEqual({ shown: [0, 3], hits: [0] })
    expect(found('[31m').hits).toEqual([])
    expect(needleOf('l')?.in('all well')).toEqual([
      [1, 2],
      [2, 3],
      [6, 7],
      [7, 8],
    ])
    expect(needleOf('')).toBeNull()
  })
})

describe('rows', () => {
  test('are found by their height, also where lines are broken', () => {
    const buffer = createLogBuffer()
    buffer.append([line('x'.repeat(25), 1), line('', 2), line('世界世界世界', 3)])
    const rows = rowsOf(buffer.entries, 3, null, 10)
    expect([rows.top(0), rows.top(1), rows.top(2), rows.height].map((top) => top / rowHeight)).toEqual([0, 3, 4, 6])
    expect([0, 2.5, 3, 3.5, 4, 99].map((top) => rows.find(top * rowHeight))).toEqual([0, 0, 1, 1, 2, 3])
    expect(rowsOf(buffer.entries, 3, [0, 2], null)).toMatchObject({ count: 2, height: 2 * rowHeight })
    expect(rowsOf(buffer.entries, 2, [0, 2], null).count).toBe(1)
  })
})
