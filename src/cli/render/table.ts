import type { Paint, Style } from './paint.ts'
import { cut, lengthOf, printable } from './text.ts'

export interface Cell {
  readonly text: string
  readonly style?: Style
}

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

export interface Look {
  /** Characters of a line; Infinity where nothing is cut. */
  readonly width: number
  readonly paint: Paint
}

const gap = '  '

/** Lines of a table. Columns are as wide as what stands in them; a line is cut at the width, so the last column gives way. */
export function table(columns: readonly Column[], rows: ReadonlyArray<readonly Cell[]>, { width, paint }: Look): string[] {
  const shown = rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) })))
  const widths = columns.map(({ title }, at) =>
    shown.reduce((most, row) => Math.max(most, lengthOf(row[at]?.text ?? '')), title.length),
  )
  const line = (cells: readonly Cell[]): string => {
    let room = width
    const parts: string[] = []
    for (const [at, { text, style }] of cells.entries()) {
      if (at > 0) {
        if (room <= gap.length) break
        parts.push(gap)
        room -= gap.length
      }
      const last = at === cells.length - 1
      const fill = ' '.repeat(Math.max(0, (widths[at] ?? 0) - lengthOf(text)))
      const padded = columns[at]?.align === 'right' ? fill + text : last ? text : text + fill
      const fitting = cut(padded, room)
      room -= lengthOf(fitting)
      parts.push(style === undefined ? fitting : paint(style, fitting))
    }
    return parts.join('').trimEnd()
  }
  return [line(columns.map(({ title }) => ({ text: title, style: 'bold' as const }))), ...shown.map(line)]
}
