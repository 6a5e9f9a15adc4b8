import { bounds } from '../bounds.ts'
import { mayBeStyled, plain, readAnsi, type Style } from './ansi.ts'

/** What is kept of a log: lines in their order, with a mark wherever the process is another one. */

export type Entry =
  | {
      readonly kind: 'line'
      /** Grows by one with each; it names the entry for as long as it is kept. */
      readonly number: number
      readonly raw: string
      /** What is seen of it. */
      readonly text: string
      /** The rest of it was too long. */
      readonly cut: boolean
      readonly begin: Style
      readonly time: string | null
      /** Where the log goes on after it, bytes. */
      readonly offset: number
      readonly columns: number
    }
  | {
      readonly kind: 'mark'
      readonly number: number
      readonly text: string
      readonly time: string | null
      readonly columns: number
    }

export interface Line {
  readonly line: string
  readonly truncated: boolean
  readonly time: string | null
  readonly offset: number
}

/** The process is another one from this offset of the log on (null: it is not known). */
export interface Mark {
  readonly text: string
  readonly time: string
  readonly offset: number | null
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]/gu

const notLatin = /[\u0100-\u{10ffff}]/u

/** As many as a terminal needs, more or less. */
const columnsOf = (text: string): number => text.length + (notLatin.test(text) ? (text.match(wide)?.length ?? 0) : 0)

export interface LogBuffer {
  /** Oldest first. It is the same list every time. */
  readonly entries: readonly Entry[]
  /** How many were let go of for want of room. */
  readonly dropped: () => number
  append(lines: readonly Line[]): void
  mark(mark: Mark): void
  /** Marks that waited long enough for the lines before them stand where the log ends. */
  settle(): void
  clear(): void
}

export function createLogBuffer(most: number = bounds.logLines, characters: number = bounds.logCharacters): LogBuffer {
  let entries: Entry[] = []
  let waiting: Array<Mark & { readonly since: number }> = []
  let style = plain
  let size = 0
  let next = 0
  let dropped = 0

  function push(mark: Mark): void {
    style = plain
    entries.push({ kind: 'mark', number: next++, text: mark.text, time: mark.time, columns: columnsOf(mark.text) })
    size += mark.text.length
  }
  function take({ line, truncated, time, offset }: Line): void {
    const due = waiting.filter((mark) => mark.offset !== null && mark.offset < offset)
    waiting = waiting.filter((mark) => !due.includes(mark))
    // Of the marks before the first line only those that stand right before it belong to what is shown.
    const begins = offset - new TextEncoder().encode(line).length - 1
    due.filter((mark) => entries.length > 0 || truncated || (mark.offset ?? 0) >= begins).forEach(push)
    const raw = line.length > bounds.logLine ? line.slice(0, bounds.logLine) : line
    const begin = style
    let text = raw
    if (mayBeStyled(raw)) {
      const read = readAnsi(raw, begin)
      text = read.pieces.map((piece) => piece.text).join('')
      style = sameStyle(read.style, begin)
    }
    const cut = truncated || raw.length < line.length
    entries.push({ kind: 'line', number: next++, raw, text, cut, begin, time, offset, columns: columnsOf(text) + (cut ? 1 : 0) })
    size += raw.length
  }
  function bound(): void {
    let over = Math.max(0, entries.length - most)
    for (let index = 0; index < over; index++) size -= sizeOf(entries[index])
    while (size > characters && over < entries.length) size -= sizeOf(entries[over++])
    if (over === 0) return
    entries.splice(0, over)
    dropped += over
  }
  return {
    get entries() {
      return entries
    },
    dropped: () => dropped,
    append(lines) {
      lines.forEach(take)
      bound()
    },
    mark(mark) {
      const { offset } = mark
      // The lines of the new process may have come already: it stands before the first of them.
      const after = offset === null ? -1 : entries.findLastIndex((one) => one.kind === 'line' && one.offset <= offset)
      const isLate = offset !== null && after >= 0 && after < entries.length - 1 && entries[after + 1]?.kind === 'line'
      if (isLate) {
        entries.splice(after + 1, 0, {
          kind: 'mark',
          number: next++,
          text: mark.text,
          time: mark.time,
          columns: columnsOf(mark.text),
        })
        return
      }
      const last = entries.at(-1)
      if (offset === null || (last?.kind === 'line' && last.offset === offset)) push(mark)
      else waiting.push({ ...mark, since: performance.now() })
    },
    settle() {
      const now = performance.now()
      const due = waiting.filter(({ since }) => now - since >= bounds.logMarkWait)
      if (due.length === 0) return
      waiting = waiting.filter((mark) => !due.includes(mark))
      const last = entries.findLast((one) => one.kind === 'line')?.time ?? null
      // What was long before the last line stood in a log that was begun anew since.
      due.filter(({ time }) => last === null || Date.parse(time) + bounds.logMarkSlack >= Date.parse(last)).forEach(push)
    },
    clear() {
      dropped += entries.length
      entries = []
      size = 0
    },
  }
}

const sizeOf = (entry: Entry | undefined): number =>
  entry === undefined ? 0 : entry.kind === 'line' ? entry.raw.length : entry.text.length

/** One object for the same style, so that what is known of it is found again. */
function sameStyle(style: Style, other: Style): Style {
  const isSame = (a: Style, b: Style): boolean => (Object.keys(a) as Array<keyof Style>).every((key) => a[key] === b[key])
  return isSame(style, plain) ? plain : isSame(style, other) ? other : style
}
