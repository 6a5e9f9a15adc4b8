import { useEffect, useRef, useState } from 'preact/hooks'
import type { ActorRow } from '../../../../src/protocol/inspection.ts'
import type { Inspector } from '../../model/inspector.ts'
import { timeOf } from '../../model/words.ts'
import { bounds } from '../bounds.ts'
import type { Failure } from './failure.ts'
import { FailureNote } from './failure-note.tsx'

/** What was sent last, by whom, and what came of it. */
export interface Sent {
  readonly event: string
  readonly by: string
  /** Wall clock, ms. */
  readonly at: number
  readonly failure: Failure | null
  /** In which state it was, and since when. */
  readonly from: Pick<ActorRow, 'state' | 'since'>
  /** The last record before it. */
  readonly after: number
}

/** The states that it went through since, out of the records of its steps. */
function recorded(inspector: Inspector, actor: string, after: number): readonly string[] {
  const states: string[] = []
  const { list } = inspector.records.value
  for (let index = list.length - 1; index >= 0; index--) {
    const record = list[index]
    if (record === undefined || record.seq <= after) break
    if (record.type === 'step' && record.actor === actor && record.is.state !== record.was.state)
      states.unshift(record.is.state ?? '')
  }
  return states
}

/** The same out of what is seen of it, which may leave out what was short. */
function useSeen(sent: Sent | null, { state, since }: ActorRow): readonly string[] {
  const [seen, setSeen] = useState<ReadonlyArray<Sent['from']>>([])
  useEffect(() => setSeen([]), [sent])
  useEffect(() => {
    if (sent === null || Date.now() - sent.at > bounds.trailTime) return
    setSeen((before) => {
      const last = before.at(-1) ?? sent.from
      return last.state === state && last.since === since ? before : [...before, { ...(state !== undefined && { state }), since }]
    })
  }, [sent, state, since])
  return seen.map((one) => one.state ?? '')
}

interface SentNoteProps {
  readonly inspector: Inspector
  readonly sent: Sent | null
  readonly row: ActorRow
}

export function SentNote({ inspector, sent, row }: SentNoteProps) {
  const seen = useSeen(sent, row)
  const last = useRef<{ readonly sent: Sent | null; readonly trail: readonly string[] }>({ sent: null, trail: [] })
  if (sent === null) return null
  const { event, by, at, failure, from, after } = sent
  if (failure !== null) {
    return (
      <div class="drive-sent">
        <p>
          {event} by {by} at {timeOf(at)} was refused:
        </p>
        <FailureNote failure={failure} />
      </div>
    )
  }
  // After a while it is not looked for any more, and stays as it was.
  if (last.current.sent !== sent || Date.now() - at <= bounds.trailTime) {
    const steps = recorded(inspector, row.id, after)
    last.current = { sent, trail: steps.length > 0 ? steps : seen }
  }
  const trail = [from.state ?? '', ...last.current.trail.slice(-bounds.trail)]
  return (
    <p class="drive-sent" role="status">
      <b>{event}</b> sent by {by} at {timeOf(at)}. <span class="drive-trail">{trail.join(' → ')}</span>
    </p>
  )
}
