import { fit, widthOf } from './cells.ts'
import { footerLines } from './footer.ts'
import { bodyHeight, headerLines } from './layout.ts'
import type { ScreenLook } from './look.ts'
import { leastSize, type Model, type Size } from './model.ts'
import { paneLines } from './pane-lines.ts'
import { tableLines } from './table-lines.ts'

/** For a terminal that does not speak UTF-8: bytes of that may be controls to it. */
const ascii = (line: string): string =>
  line.replaceAll('…', '~').replaceAll(/[\u0080-\u{10FFFF}]/gu, (character) => '?'.repeat(widthOf(character)))

/** One picture: as many lines as the terminal has, none wider than it, and of what it obeys only styles. */
export function frameOf(model: Model, size: Size, look: ScreenLook): readonly string[] {
  const { columns, rows } = size
  const mark = look.unicode ? '…' : '~'
  if (columns < leastSize.columns || rows < leastSize.rows) {
    const words = `too small: ${leastSize.columns} columns and ${leastSize.rows} rows are needed; q quits`
    return Array.from({ length: rows }, (_, at) => (at === 0 ? fit(words, columns, { mark }) : ''))
  }
  const below = footerLines(model, size, look)
  const height = Math.max(1, bodyHeight(model, size) - (below.length - 2))
  const body = (model.view.type === 'table' ? tableLines : paneLines)(model, columns, height, look)
  const above = [...headerLines(model, size, look), ...body]
  const blank = Array.from({ length: Math.max(0, rows - below.length - above.length) }, () => '')
  const lines = [...above, ...blank, ...below].slice(0, rows)
  const fitting = lines.map((line) => fit(line, columns, { mark }))
  return look.unicode ? fitting : fitting.map(ascii)
}

/** What `--once` prints: everything, however long it is, without keys. */
export function wholeTable(model: Model, columns: number, look: ScreenLook): readonly string[] {
  const size = { columns, rows: Infinity }
  const lines = [...headerLines(model, size, look), ...tableLines(model, columns, Infinity, look)]
  // Nobody has chosen one, and nobody can.
  const chosen = model.selected === undefined ? lines.map((line) => line.replace(/^> /, '  ')) : lines
  return chosen.map((line) => fit(line, columns).trimEnd())
}
