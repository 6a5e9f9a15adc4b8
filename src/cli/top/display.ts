import type { Output } from '../terminal.ts'
import { widthOf } from './cells.ts'

/** The alternate screen of a terminal: drawn in place, and given back as it was. */
export interface Display {
  /** Takes the terminal over; everything is drawn anew. */
  enter(): void
  /** Gives it back. May be called twice. */
  leave(): void
  /** Resolves once the terminal has taken what was said last, or does not take it. */
  settled(): Promise<void>
  /** Draws what differs from the last picture; false where the terminal still has not taken that one. */
  draw(lines: readonly string[], columns: number): boolean
  /** Nothing is known of what it shows. */
  forget(): void
}

// The alternate screen, no cursor, no line breaks of the terminal's own, and pasted text marked as such.
const begin = '\u001B[?1049h\u001B[?25l\u001B[?7l\u001B[?2004h\u001B[0m\u001B[2J'
const end = '\u001B[0m\u001B[?2004l\u001B[?7h\u001B[?25h\u001B[?1049l'
// One picture at a time, where the terminal knows that.
const open = '\u001B[?2026h'
const close = '\u001B[?2026l'
/** How long a terminal that takes nothing (Ctrl-S) keeps us from leaving, in tries of 10 ms. */
const patience = 100

export function displayOn(output: Output): Display {
  let entered = false
  let shown: readonly string[] | undefined
  /** What could not be said yet. */
  let owed = ''

  const say = (text: string): void => {
    owed = output.offer(owed + text) ? '' : owed + text
  }
  return {
    enter() {
      if (entered) return
      entered = true
      shown = undefined
      say(begin)
    },
    leave() {
      if (!entered) return
      entered = false
      say(end)
    },
    async settled() {
      // An empty text is taken once everything before it was.
      for (let tries = 0; tries < patience; tries++) {
        if (output.offer(owed)) {
          owed = ''
          if (output.offer('')) return
        }
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    draw(lines, columns) {
      if (!entered) return true
      const before = shown
      const changed = lines.flatMap((line, at) => {
        if (before?.[at] === line) return []
        // What a line leaves is cleared behind it, never before it: that would flicker.
        return [`\u001B[${at + 1};1H${line}${widthOf(line) < columns ? '\u001B[K' : ''}`]
      })
      if (changed.length === 0 && owed === '') return true
      const clear = before === undefined ? '\u001B[2J' : ''
      if (!output.offer(`${owed}${open}${clear}${changed.join('')}${close}`)) return false
      owed = ''
      shown = lines
      return true
    },
    forget() {
      shown = undefined
    },
  }
}
