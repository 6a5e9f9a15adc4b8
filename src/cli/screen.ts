import type { Output } from './terminal.ts'

/** Lines that are drawn again in their place. */
export interface Screen {
  draw(lines: readonly string[]): void
  /** Takes away what was drawn. */
  clear(): void
}

// One frame at a time, and no line break of the terminal's own: both would tear the picture.
const begin = '\u001B[?2026h\u001B[?7l'
const end = '\u001B[?7h\u001B[?2026l'

export function screenOn(output: Output): Screen {
  let height = 0
  const home = (): string => (height === 0 ? '' : `\u001B[${height}A\r`)
  return {
    draw(lines) {
      const shown = lines.slice(0, Math.max(1, output.rows() - 1))
      const text = shown.map((line) => `\u001B[2K${line}\n`).join('')
      // A picture that is not taken is left out; the next one is drawn over what is really there.
      if (output.offer(`${begin}${home()}${text}\u001B[J${end}`)) height = shown.length
    },
    clear() {
      if (height > 0 && output.offer(`${home()}\u001B[J`)) height = 0
    },
  }
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const

/** A spinner's frame for a moment (ms). */
export const spinnerAt = (ms: number): string => frames[Math.floor(ms / 100) % frames.length] ?? ''
