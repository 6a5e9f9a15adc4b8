import { useEffect, useState } from 'preact/hooks'
import type { ActorRow, InspectionRecord } from '../../../../src/protocol/inspection.ts'
import type { Inspector } from '../../model/inspector.ts'
import { bounds } from '../bounds.ts'

/** What did nothing lately: an event that the state does not take, or that came too late. */

export interface Unheard {
  readonly event: string
  readonly at: number
  readonly dead: boolean
}

export function unheardBy(actor: string, records: readonly InspectionRecord[], seq: number, since: number): Unheard | null {
  for (let index = records.length - 1, left = bounds.noteRecords; index >= 0 && left > 0; index -= 1, left -= 1) {
    const record = records[index]
    if (record === undefined || record.at < since) return null
    if (record.seq > seq) continue
    if (record.type === 'step' && record.actor === actor) return null
    if (record.type === 'ignored' && record.actor === actor) return { event: record.event, at: record.at, dead: false }
    if (record.type === 'event' && record.to === actor && record.dead === true)
      return { event: record.event, at: record.at, dead: true }
  }
  return null
}

export function Notes({ inspector, row }: { readonly inspector: Inspector; readonly row: ActorRow }) {
  const { seq, at } = inspector.shown.value
  const live = inspector.moment.value === null && inspector.link.value.state !== 'file'
  const now = live ? Math.max(at, Date.now()) : at
  const found = unheardBy(row.id, inspector.records.value.list, seq, now - bounds.noteTime)
  const [, tick] = useState(0)
  const ticking = found !== null && live
  useEffect(() => {
    if (!ticking) return
    const timer = setInterval(() => tick((count) => count + 1), 1_000)
    return () => clearInterval(timer)
  }, [ticking])
  if (found === null) return null
  const ago = Math.max(0, Math.round((now - found.at) / 1_000))
  return (
    <p class={`chart-note${found.dead ? ' is-dead' : ''}`}>
      <strong>{found.event}</strong> {found.dead ? 'came after its end' : 'ignored here'},{' '}
      {ago === 0 ? 'just now' : `${ago} s ago`}
    </p>
  )
}
