/** What stands on a terminal after all that was written to it, as far as `hyphae top` may use one. Anything else is an error. */
export interface Shown {
  /** By row, from the top, without styles. */
  readonly lines: readonly string[]
  readonly alternate: boolean
  readonly cursor: boolean
  readonly wraps: boolean
  readonly marksPaste: boolean
  /** Pictures that were drawn. */
  readonly frames: number
}

// oxlint-disable-next-line no-control-regex
const tokens = /\u001B\[(\??[\d;:]*)([A-Za-z])|([^\u001B]+)|(\u001B)/g
const modes: Readonly<Record<string, 'alternate' | 'cursor' | 'wraps' | 'marksPaste' | 'picture'>> = {
  '?1049': 'alternate',
  '?25': 'cursor',
  '?7': 'wraps',
  '?2004': 'marksPaste',
  '?2026': 'picture',
}

export function shownBy(output: string): Shown {
  const lines: string[] = []
  const state = { alternate: false, cursor: true, wraps: true, marksPaste: false, picture: false }
  let frames = 0
  let row = 1
  // A sequence may still be on its way.
  // oxlint-disable-next-line no-control-regex
  const whole = output.replace(/\u001B(\[[?\d;:]*)?$/, '')
  for (const [sequence, parameters = '', final, text] of whole.matchAll(tokens)) {
    if (text !== undefined) {
      if (state.alternate) lines[row - 1] = (lines[row - 1] ?? '') + text
      continue
    }
    const mode = modes[parameters]
    const [, to] = /^(\d+);1$/.exec(parameters) ?? []
    if ((final === 'h' || final === 'l') && mode !== undefined) {
      state[mode] = final === 'h'
      if (mode === 'picture' && final === 'l') frames++
    } else if (final === 'H' && to !== undefined) {
      row = Number(to)
      lines[row - 1] = ''
    } else if (final === 'J' && parameters === '2') lines.length = 0
    else if (!(final === 'm' || (final === 'K' && parameters === '')))
      throw new Error(`not for a terminal: ${JSON.stringify(sequence)}`)
  }
  return { ...state, frames, lines: Array.from(lines, (line) => line ?? '') }
}
