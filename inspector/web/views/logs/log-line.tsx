import { timeOf } from '../../model/words.ts'
import { readAnsi } from './ansi.ts'
import type { Entry } from './log-buffer.ts'
import { lookOf } from './palette.ts'
import type { Needle } from './search.ts'

interface LogLineProps {
  readonly entry: Entry
  readonly needle: Needle | null
  readonly isCurrent: boolean
  readonly times: boolean
}

/** The time of day that a line was written; empty where nobody knows it. */
export const writtenAt = ({ time }: Entry): string => (time === null ? '' : timeOf(Date.parse(time)))

/** The parts of a text that match, and the others. */
function parts(text: string, from: number, ranges: ReadonlyArray<readonly [number, number]>) {
  const found: Array<{ readonly text: string; readonly hit: boolean }> = []
  let at = 0
  for (const [begin, end] of ranges) {
    const [first, last] = [Math.max(0, begin - from), Math.min(text.length, end - from)]
    if (last <= at || first >= text.length) continue
    if (first > at) found.push({ text: text.slice(at, first), hit: false })
    found.push({ text: text.slice(Math.max(at, first), last), hit: true })
    at = last
  }
  if (at < text.length) found.push({ text: text.slice(at), hit: false })
  return found
}

export function LogLine({ entry, needle, isCurrent, times }: LogLineProps) {
  const time = times ? <span class="log-time">{writtenAt(entry)}</span> : null
  if (entry.kind === 'mark') {
    return (
      <div class="log-line log-mark">
        {time}
        <span>{entry.text}</span>
      </div>
    )
  }
  const { pieces } = readAnsi(entry.raw, entry.begin)
  const ranges = needle?.in(entry.text) ?? []
  let from = 0
  return (
    <div class={isCurrent ? 'log-line log-current' : 'log-line'}>
      {time}
      <span class="log-text">
        {pieces.map(({ text, style }, index) => {
          const look = lookOf(style)
          const begin = from
          from += text.length
          return (
            <span key={index} class={look.class} style={look.style}>
              {ranges.length === 0
                ? text
                : parts(text, begin, ranges).map((part, at) => (part.hit ? <mark key={at}>{part.text}</mark> : part.text))}
            </span>
          )
        })}
        {entry.cut ? (
          <span class="log-cut" title="The line is longer than what is kept of it here">
            …
          </span>
        ) : null}
      </span>
    </div>
  )
}
