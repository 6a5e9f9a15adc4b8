import type { ActorRow, InspectionItem } from '../../../src/protocol/inspection.ts'
import type { Timeline } from './timeline.ts'

/** Hands the items of a watch to the timeline. What was known stays until the new present has been told wholly. */

type Begin = InspectionItem & { readonly type: 'begin' }

export interface Fed {
  /** null: all rows are others. */
  readonly touched: ReadonlySet<string> | null
  /** What the watch began with, where it began anew. */
  readonly began: Begin | null
}

export function createFeed(timeline: Timeline) {
  let coming: { readonly begin: Begin; readonly actors: ActorRow[] } | null = null

  return {
    /** Where to go on later; undefined while nothing is known. */
    position: (): { run: string; seq: number } | undefined =>
      timeline.run === '' ? undefined : { run: timeline.run, seq: timeline.seq },
    /** A new connection: what the last one had only half told is told again. */
    interrupted(): void {
      coming = null
    },
    take(items: readonly InspectionItem[]): Fed {
      let touched: Set<string> | null = new Set()
      let began: Begin | null = null
      for (const item of items) {
        if (item.type === 'begin') {
          coming = item.resumed ? null : { begin: item, actors: [] }
        } else if (item.type === 'actors') {
          coming?.actors.push(...item.actors)
        } else {
          // Records of before the end of `actors` would belong to a present that is not there yet.
          if (coming !== null) began = settle(coming)
          coming = null
          const more = timeline.add(item.records)
          if (began === null && touched !== null) for (const id of more) touched.add(id)
        }
        if (coming !== null && coming.actors.length >= coming.begin.actors) {
          began = settle(coming)
          coming = null
        }
        if (began !== null) touched = null
      }
      return { touched, began }
    },
  }
  function settle({ begin, actors }: { readonly begin: Begin; readonly actors: readonly ActorRow[] }): Begin {
    timeline.begin({ run: begin.run, seq: begin.seq, at: begin.at, actors })
    return begin
  }
}
