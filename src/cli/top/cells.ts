/** Text by the cells that it takes of a terminal, and what of it may reach one. */

/** Controls, what ends a line, and what shows nothing by itself or turns what follows: none of it is passed on. */
const dropped = /^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFE00-\uFE0F]$/u
/** Marks on the character before. */
const onTop = /^[\p{Mn}\p{Me}\u1160-\u11FF]$/u
const wide =
  /^[\p{Emoji_Presentation}\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{18DFF}\u{1B000}-\u{1B2FF}\u{1F200}-\u{1F265}\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1FAFF}\u{20000}-\u{3FFFD}]$/u
const lone = /^\p{Cs}$/u

/** Colours and other styles; all that is passed on of what a terminal obeys. */
// oxlint-disable-next-line no-control-regex
const tokens = /\u001B\[[\d;:]{0,40}m|[^]/gu
/** From which column to which a tab leads. */
const tab = 8

function cellsOf(character: string): number {
  if (character >= ' ' && character <= '~') return 1
  if (dropped.test(character) || onTop.test(character)) return 0
  return wide.test(character) ? 2 : 1
}

const isStyle = (token: string): boolean => token.length > 2 && token.startsWith('\u001B')

/** How many cells it takes; styles take none. */
export function widthOf(text: string): number {
  let at = 0
  for (const [token] of text.matchAll(tokens)) {
    if (token === '\t') at += tab - (at % tab)
    else if (!isStyle(token)) at += cellsOf(token)
  }
  return at
}

/**
 * The cells of a text from one column on, at most so many; where more follows, the last one is the mark. Styles stay, and
 * end with it; everything else that a terminal obeys goes. This is the last thing that happens to every line.
 */
export function fit(text: string, columns: number, { from = 0, mark = '…' }: { from?: number; mark?: string } = {}): string {
  if (columns <= 0) return ''
  const whole = widthOf(text) - from <= columns
  const end = from + (whole ? columns : columns - widthOf(mark))
  let shown = ''
  let styled = false
  let at = 0
  /** Cells of nothing, as far as they are in sight. */
  const blank = (to: number): void => void (shown += ' '.repeat(Math.max(0, Math.min(to, end) - Math.max(at, from))))
  for (const [token] of text.matchAll(tokens)) {
    if (isStyle(token)) {
      shown += token
      styled = true
      continue
    }
    if (at > end) break
    if (token === '\t') {
      const to = at + tab - (at % tab)
      blank(to)
      at = to
      continue
    }
    if (dropped.test(token)) continue
    const cells = cellsOf(token)
    if (at >= from && at + cells <= end) shown += lone.test(token) ? '\uFFFD' : token
    // Half of a wide one is in sight.
    else blank(at + cells)
    at += cells
  }
  if (styled) shown += '\u001B[0m'
  return whole ? shown : shown + mark
}

/** Cut or filled to exactly so many cells. */
export function padded(text: string, columns: number, align: 'left' | 'right' = 'left', mark = '…'): string {
  const fitting = fit(text, columns, { mark })
  const fill = ' '.repeat(Math.max(0, columns - widthOf(fitting)))
  return align === 'right' ? fill + fitting : fitting + fill
}
