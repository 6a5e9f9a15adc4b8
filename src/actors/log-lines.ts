import { limits } from '../protocol/limits.ts'

export interface LogLine {
  /** Without its line end. */
  readonly line: string
  /** It was longer than is shown. */
  readonly truncated: boolean
}

const newline = 0x0a
const carriageReturn = 0x0d

/** The bytes of one line as text. Whatever is not UTF-8 becomes U+FFFD; a cut never leaves half a character. */
export function lineOf(bytes: Uint8Array): LogLine {
  const truncated = bytes.length > limits.logLineBytes
  const end = !truncated && bytes.at(-1) === carriageReturn ? bytes.length - 1 : Math.min(bytes.length, limits.logLineBytes)
  // In a stream a decoder holds back what is incomplete, which is how the half character is dropped.
  return { line: new TextDecoder().decode(bytes.subarray(0, end), { stream: truncated }), truncated }
}

/** A line and where the log goes on after it, in bytes. */
export interface PlacedLine extends LogLine {
  readonly offset: number
}

/** Cuts a growing log into lines, holding at most one line's worth of bytes. */
export interface LineCutter {
  /** `at`: the offset of the chunk in the log. */
  push(chunk: Uint8Array, at: number): PlacedLine[]
  /** Forgets an incomplete line. */
  reset(): void
}

export function createLineCutter(): LineCutter {
  let held: Uint8Array[] = []
  let size = 0
  // One byte more than is shown tells that it was longer.
  const hold = (part: Uint8Array): void => {
    const room = limits.logLineBytes + 1 - size
    if (room <= 0 || part.length === 0) return
    held.push(Uint8Array.from(part.subarray(0, room)))
    size += Math.min(part.length, room)
  }
  const take = (): LogLine => {
    const line = lineOf(held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held))
    held = []
    size = 0
    return line
  }
  return {
    push(chunk, from) {
      const lines: PlacedLine[] = []
      let start = 0
      for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, start)) {
        hold(chunk.subarray(start, at))
        lines.push({ ...take(), offset: from + at + 1 })
        start = at + 1
      }
      hold(chunk.subarray(start))
      return lines
    },
    reset() {
      held = []
      size = 0
    },
  }
}
