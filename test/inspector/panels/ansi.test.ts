import { describe, expect, test } from 'vitest'
import { plain, readAnsi, type Style } from '../../../inspector/web/views/logs/ansi.ts'
import { lookOf, luminance, readable } from '../../../inspector/web/views/logs/palette.ts'

/** What a terminal would show of a line. */

const esc = '\u{1b}'
/** Text of one style together, and of the style what is not as usual. */
const read = (line: string) => {
  const told: Array<[string, object]> = []
  for (const { text, style } of readAnsi(line).pieces) {
    const unusual = Object.fromEntries(Object.entries(style).filter(([name, value]) => value !== plain[name as keyof Style]))
    const last = told.at(-1)
    if (last !== undefined && JSON.stringify(last[1]) === JSON.stringify(unusual)) last[0] += text
    else told.push([text, unusual])
  }
  return told
}

describe('escape sequences', () => {
  test.each([
    [
      `${esc}[31mred${esc}[0m plain`,
      [
        ['red', { front: 1 }],
        [' plain', {}],
      ],
    ],
    [
      `${esc}[1;3;4;9;97;104mall${esc}[22;23;24;29;39;49m`,
      [['all', { bold: true, italic: true, underline: true, strike: true, front: 15, back: 12 }]],
    ],
    [
      `${esc}[1;2mfaint${esc}[22mnot`,
      [
        ['faint', { bold: true, dim: true }],
        ['not', {}],
      ],
    ],
    [
      `${esc}[38;5;208mo${esc}[48;5;300mx`,
      [
        ['o', { front: 208 }],
        ['x', { front: 208, back: 255 }],
      ],
    ],
    [
      `${esc}[38;2;1;2;3mo${esc}[48:2::4:5:6mx${esc}[38:5:9my`,
      [
        ['o', { front: 'rgb(1 2 3)' }],
        ['x', { front: 'rgb(1 2 3)', back: 'rgb(4 5 6)' }],
        ['y', { front: 9, back: 'rgb(4 5 6)' }],
      ],
    ],
    [`${esc}[mplain`, [['plain', {}]]],
    [`${esc}[38;9;1mx`, [['x', {}]]],
    // What is no style is left out: titles, links, movements, a terminal's questions, and what begins and does not end.
    [`${esc}]0;title\u{7}a${esc}]8;;https://x.test${esc}\\link${esc}]8;;${esc}\\b`, [['alinkb', {}]]],
    [`a${esc}[2J${esc}[10;5H${esc}[?25lb${esc}(Bc${esc}7d${esc}P1;2qdata${esc}\\e`, [['abcde', {}]]],
    [`a${esc}]0;never ends <b>`, [['a', {}]]],
    [`a${esc}[31`, [['a', {}]]],
    [`a\u{0}\u{8}\u{7}\rb\tc`, [['ab\tc', {}]]],
    [`${esc}[>4;2mx${esc}[?1mz`, [['xz', {}]]],
    ['<img src=x onerror=alert(1)>', [['<img src=x onerror=alert(1)>', {}]]],
  ])('%j', (line, pieces) => {
    expect(read(line)).toEqual(pieces)
  })

  test('a style goes on in the next line', () => {
    const { style } = readAnsi(`${esc}[31mred`)
    expect(readAnsi('still', style).pieces).toEqual([{ text: 'still', style: { ...plain, front: 1 } }])
  })
})

describe('colours', () => {
  const contrast = (one: number, other: number): number => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
  // As in tokens.css: what a log is written on.
  const light = luminance([0xec, 0xef, 0xf0])
  const dark = luminance([0x0f, 0x12, 0x14])

  test('every colour is read on its surface', () => {
    for (let red = 0; red < 256; red += 51)
      for (let green = 0; green < 256; green += 51)
        for (let blue = 0; blue < 256; blue += 51) {
          const colour = [red, green, blue] as const
          expect(contrast(luminance(readable(colour, 'light')), light), colour.join(' ')).toBeGreaterThanOrEqual(4.5)
          expect(contrast(luminance(readable(colour, 'dark')), dark), colour.join(' ')).toBeGreaterThanOrEqual(4.5)
        }
  })

  test('the first 16 are classes, others are computed', () => {
    expect(lookOf({ ...plain, front: 1, bold: true })).toEqual({ class: 'ansi-1 ansi-bold', style: undefined })
    expect(lookOf({ ...plain, front: 1, inverse: true }).class).toBe('ansi-on-1')
    expect(lookOf({ ...plain, front: 208 }).style?.['color']).toMatch(/^light-dark\(rgb\(.+\), rgb\(255 135 0\)\)$/)
    expect(lookOf({ ...plain, back: 'rgb(1 2 3)' }).style).toEqual({ background: 'rgb(1 2 3)', color: '#fff' })
  })
})
