import { limits } from '../protocol/limits.ts'
import { extentOf } from './log-archive.ts'
import { oldestOf, readBack } from './log-bytes.ts'
import { lineOf, type LogLine, type PlacedLine } from './log-lines.ts'
import { timesOf } from './log-times.ts'

const newline = 0x0a

/** Which lines: written at `since` or later, and up to `until` (wall clock, ms), as exactly as their times are known. */
export interface Window {
  readonly since?: number | undefined
  readonly until?: number | undefined
}

/** A line that stands in a log, and when it was written, as far as is known: not later than this, ISO. */
export interface PastLine extends PlacedLine {
  readonly time: string
}

export interface Past {
  readonly lines: readonly PastLine[]
  /** Where the last whole line of the log ends, in its file: whoever follows from there misses nothing and hears nothing twice. */
  readonly end: number
  /** The position of the first byte of that file; undefined: there is none now, it may just be set aside. */
  readonly base: number | undefined
  /** There may be older ones, but no more than this is read. */
  readonly cut: boolean
}

export interface TailQuery extends Window {
  readonly lines: number
  /** Leaves out the incomplete line at its end. */
  readonly whole: boolean
}

/** The last lines of a log, its archives included. Reads backwards, so a large one costs no more. */
export async function pastLines(path: string, { lines, whole, since, until }: TailQuery): Promise<Past> {
  const times = await timesOf(path, Date.now())
  const from = since === undefined ? 0 : times.since(since)
  const to = until === undefined ? null : times.until(until)
  let found = 0
  const { bytes, at, extent } = await readBack(path, {
    // A line that was begun before may have been ended after.
    from: Math.max(0, from - limits.logLineBytes),
    to: to ?? Infinity,
    enough(piece) {
      for (let place = piece.indexOf(newline); place >= 0; place = piece.indexOf(newline, place + 1)) found++
      return found > lines
    },
  })
  if (extent === undefined) return { lines: [], end: 0, base: undefined, cut: false }
  const last = bytes.lastIndexOf(newline) + 1
  const complete = whole || to !== null ? bytes.subarray(0, last) : bytes
  const all = lines <= 0 ? [] : cut(complete, at, lines, at > oldestOf(extent))
  const { base } = extent
  const inside = all.filter(({ offset }) => offset > from && (since === undefined || times.isSince(offset, since)))
  return {
    lines: inside.map((line) => ({ ...line, offset: Math.max(0, line.offset - base), time: times.at(line.offset) })),
    end: Math.max(0, at + last - base),
    base,
    cut: inside.length === all.length && all.length < lines && at > Math.max(from, oldestOf(extent)),
  }
}

/** The last lines of a log, the incomplete one at its end included. */
export async function tail(path: string, lines: number): Promise<LogLine[]> {
  const past = await pastLines(path, { lines, whole: false })
  return past.lines.map(({ line, truncated }) => ({ line, truncated }))
}

/** Where the last whole line of a log ends, in its file. */
export const endOf = async (path: string): Promise<number> => (await pastLines(path, { lines: 0, whole: true })).end

/** Where to go on that was at this offset: there, if a line ended there, else at the beginning: it is another log. */
export async function resumeAt(path: string, offset: number): Promise<number> {
  if (offset === 0) return 0
  const base = (await extentOf(path))?.base ?? 0
  const to = base + offset
  const { bytes, at, extent } = await readBack(path, { from: to - 1, to, enough: () => true })
  if (extent === undefined || to > extent.end) return 0
  // What was there is not kept any more; what came after it is all that one can still hear.
  if (to <= oldestOf(extent)) return offset
  return at + bytes.length === to && bytes.at(-1) === newline ? offset : 0
}

/** The last lines of these bytes; `offset` of each is a position. */
function cut(bytes: Buffer, from: number, lines: number, before: boolean): PlacedLine[] {
  const found: PlacedLine[] = []
  let end = bytes.at(-1) === newline ? bytes.length - 1 : bytes.length
  if (bytes.length === 0) return found
  while (found.length < lines && end >= 0) {
    const previous = end === 0 ? -1 : bytes.lastIndexOf(newline, end - 1)
    const line = { ...lineOf(bytes.subarray(previous + 1, end)), offset: Math.min(from + end + 1, from + bytes.length) }
    // The first line that was read may have begun before.
    const beheaded = previous < 0 && before
    if (!beheaded || found.length === 0) found.push(beheaded ? { ...line, truncated: true } : line)
    if (previous < 0) break
    end = previous
  }
  return found.toReversed()
}
