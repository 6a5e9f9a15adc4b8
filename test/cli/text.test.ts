import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cut, harmless, lengthOf, printable, wrapped } from '../../src/cli/render/text.ts'

test.each([
  ['plain', 'plain'],
  ['tab\tstays', 'tab\tstays'],
  ['\u001B[1;38;5;196mcolour\u001B[0m', '\u001B[1;38;5;196mcolour\u001B[0m\u001B[0m'],
  ['\u001B[38:2::1:2:3mcolons', '\u001B[38:2::1:2:3mcolons\u001B[0m'],
  ['clear\u001B[2J\u001B[Hhome', 'clearhome'],
  ['\u001B]0;title\u0007after', 'after'],
  ['\u001B]52;c;c2VjcmV0\u001B\\after', 'after'],
  ['\u001BP1$r0m\u001B\\after', 'after'],
  ['\u009B2Jeight bits', 'eight bits'],
  ['\u001B[>4;2mprivate', 'private'],
  ['\u001B(0line drawing', 'line drawing'],
  ['\u001Bcreset', 'reset'],
  ['bell\u0007 null\u0000 back\b', 'bell null back'],
  ['10 %\r50 %\r100 %\r', '100 %'],
  ['cut off \u001B[', 'cut off '],
  ['cut off \u001B', 'cut off '],
])('of %j a terminal sees %j', (line, seen) => expect(harmless(line)).toBe(seen))

const nasty = fc.string({
  unit: fc.constantFrom('\u001B', '[', ']', 'm', '3', ';', '\u0007', '\\', 'P', '\u009B', 'J', '\u0000', 'a', '\r'),
})

test('whatever a program writes, a terminal obeys nothing of it but colours', () => {
  fc.assert(
    fc.property(nasty, (line) => {
      // oxlint-disable-next-line no-control-regex
      const rest = harmless(line).replaceAll(/\u001B\[[\d;:]*m/g, '')
      // oxlint-disable-next-line no-control-regex
      expect(rest).not.toMatch(/[\u0000-\u0008\u000A-\u001F\u007F-\u009F]/)
    }),
  )
})

test('printable text has no controls, and what is cut is as long as it may be', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
      // oxlint-disable-next-line no-control-regex
      expect(printable(text)).not.toMatch(/[\u0000-\u001F\u007F-\u009F]/)
      expect(lengthOf(cut(text, width))).toBe(Math.min(width, lengthOf(text)))
    }),
  )
})

test('text is wrapped between words, and where a word is too long, within it', () => {
  expect(wrapped('one two three', 7)).toEqual(['one two', '  three'])
  expect(wrapped('abcdefghij', 6)).toEqual(['abcdef', '  ghij'])
  expect(wrapped('short', Infinity)).toEqual(['short'])
  expect(wrapped('abc', 2)).toEqual(['a…'])
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 3, max: 40 }), (text, width) => {
      const lines = wrapped(text, width)
      expect(lines.every((line) => lengthOf(line) <= width)).toBe(true)
      expect(lines.join('').replaceAll(/\s/gu, '')).toBe(text.replaceAll(/\s/gu, ''))
    }),
  )
})
