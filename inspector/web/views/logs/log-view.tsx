import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { bounds } from '../bounds.ts'
import type { Entry } from './log-buffer.ts'
import { LogLine } from './log-line.tsx'
import { rowHeight, rowsOf } from './rows.ts'
import type { Needle } from './search.ts'

interface LogViewProps {
  readonly label: string
  readonly entries: readonly Entry[]
  /** Grows when they are others. */
  readonly version: number
  /** Entries from this one on are not shown. */
  readonly end: number
  /** How many there were before the first of them. */
  readonly dropped: number
  /** Indexes of those that are shown; null: all. */
  readonly shown: readonly number[] | null
  readonly needle: Needle | null
  /** The index of the match that is looked at. */
  readonly current: number | null
  /** Grows when it is to be brought into sight. */
  readonly jump: number
  readonly wrap: boolean
  readonly times: boolean
}

interface Sight {
  readonly top: number
  readonly height: number
  readonly columns: number
}

/** px around a text, and of a time before it; as in logs.css. */
const sides = 20
const timeWidth = 74
/** Letters by which the width of one is measured. */
const measured = 100

/** Lines of a log, of which only those are drawn that are seen. It stays at the end while one is there. */
export function LogView({ label, entries, version, end, dropped, shown, needle, current, jump, wrap, times }: LogViewProps) {
  const box = useRef<HTMLDivElement>(null)
  const probe = useRef<HTMLSpanElement>(null)
  const tail = useRef(true)
  const lastDropped = useRef(dropped)
  const [isTail, setIsTail] = useState(true)
  const [sight, setSight] = useState<Sight>({ top: 0, height: 400, columns: 80 })

  const look = (): void => {
    const element = box.current
    if (element === null) return
    const letter = (probe.current?.offsetWidth ?? 0) / measured || 7.2
    const room = element.clientWidth - sides - (times ? timeWidth : 0)
    setSight({ top: element.scrollTop, height: element.clientHeight, columns: Math.max(10, Math.floor(room / letter)) })
    tail.current = element.scrollTop + element.clientHeight >= element.scrollHeight - rowHeight / 2
    setIsTail(tail.current)
  }
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => observer.disconnect()
  }, [times])

  const rows = useMemo(() => rowsOf(entries, end, shown, wrap ? sight.columns : null), [version, end, shown, wrap, sight.columns])
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const gone = dropped - lastDropped.current
    lastDropped.current = dropped
    if (tail.current) element.scrollTop = element.scrollHeight
    else if (gone > 0 && shown === null && !wrap) element.scrollTop -= gone * rowHeight
  }, [version, end, shown, wrap, sight.columns, sight.height, times])
  useLayoutEffect(() => {
    const element = box.current
    if (element === null || current === null) return
    const row = shown === null ? current : shown.indexOf(current)
    if (row < 0) return
    const top = rows.top(row)
    if (top < element.scrollTop || top + rowHeight > element.scrollTop + element.clientHeight) {
      tail.current = false
      element.scrollTop = Math.max(0, top - element.clientHeight / 2)
    }
  }, [jump])

  const first = Math.max(0, rows.find(sight.top) - bounds.rowsBeyond)
  const last = Math.min(rows.count, rows.find(sight.top + sight.height) + 1 + bounds.rowsBeyond)
  const drawn = Array.from({ length: Math.max(0, last - first) }, (_, index) => rows.at(first + index))
  return (
    <div class="log-frame">
      <div
        ref={box}
        class={wrap ? 'log-box log-wrap' : 'log-box'}
        role="log"
        aria-live="off"
        aria-label={label}
        tabIndex={0}
        onScroll={look}
      >
        <span ref={probe} class="log-probe" aria-hidden="true">
          {'0'.repeat(measured)}
        </span>
        {rows.count === 0 ? <p class="log-why">{needle === null ? 'It has written nothing yet.' : 'Nothing matches.'}</p> : null}
        <div style={{ height: `${rows.top(first)}px` }} />
        {drawn.map((index) => {
          const entry = entries[index]
          return entry === undefined ? null : (
            <LogLine key={entry.number} entry={entry} needle={needle} isCurrent={index === current} times={times} />
          )
        })}
        <div style={{ height: `${Math.max(0, rows.height - rows.top(last))}px` }} />
      </div>
      {isTail ? null : (
        <button
          type="button"
          class="control-button log-end"
          onClick={() => {
            const element = box.current
            if (element !== null) element.scrollTop = element.scrollHeight
          }}
        >
          ↓ To the end
        </button>
      )}
    </div>
  )
}
