import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fit, padded, widthOf } from '../../../src/cli/top/cells.ts'

describe('cells of a terminal', () => {
  test.each([
    ['plain', 5],
    ['日本語', 6],
    ['한국', 4],
    ['e\u0301', 1],
    ['🚀!', 3],
    ['\u001B[31mred\u001B[0m', 3],
    ['a\tb', 9],
    ['a\u202Eb\u200B', 2],
  ])('%j takes %i', (text, width) => {
    expect(widthOf(text)).toBe(width)
  })

  test('what does not fit is marked, and half of a wide character is a blank', () => {
    expect(fit('abcdef', 4)).toBe('abc…')
    expect(fit('abcd', 4)).toBe('abcd')
    expect(fit('日本語', 4)).toBe('日 …')
    expect(fit('日本語', 5, { from: 1 })).toBe(' 本語')
    expect(fit('a\tb', 20)).toBe('a       b')
    expect(padded('7', 3, 'right')).toBe('  7')
  })

  test('styles stay and end with the text; all else that a terminal obeys goes', () => {
    expect(fit('\u001B[1;31mred', 10)).toBe('\u001B[1;31mred\u001B[0m')
    expect(fit('a\u001B[2Jb\u009B31mc\u0007\u2028\u202Ed', 20)).toBe('a[2Jb31mcd')
    expect(fit('a\uD800b', 9)).toBe('a\uFFFDb')
  })

  test('no text is wider than its room, and none has a control', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom(
        '\u001B[31m',
        '\u001B[2J',
        '\u001B]0;x\u0007',
        '\u009B',
        '\t',
        '日本',
        '🚀',
        'e\u0301',
        '\uD800',
        '\u001B[0',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.nat(60), fc.nat(30), (pieces, columns, from) => {
        const line = fit(pieces.join(''), columns, { from })
        expect(widthOf(line)).toBeLessThanOrEqual(columns)
        // oxlint-disable-next-line no-control-regex
        expect(line.replaceAll(/\u001B\[[\d;:]*m/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})
